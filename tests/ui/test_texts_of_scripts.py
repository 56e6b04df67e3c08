"""Texts that no plain search for keys can check: what a component's script takes from its group, and the words of
every refusal that an explainer can raise."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from study import notes
from ui import controls, language

ROOT = Path(__file__).resolve().parents[2]
TEXTS = language.load("en").texts
# Which scripts a group's texts go to whole. `t.group` of `tokens` goes to ui/tokentable.py, by row name.
GROUPS = {
    "topbar": "topbar.js",
    "paneswitch": "paneswitch.js",
    "passage": "passage.js",
    "reader": "reader.js",
    "marks": "marks.js document.js",
    "map": "questionmap.js",
    "printed": "printed.js",
    "corrections": "notes.js",
    "wordlist": "glossary.js",
    "explorer": "attention*.js",
    "neuron": "neuron.js",
    "losscurves": "losscurves*.js",
    "losssteps": "losssteps.js",
    "lossbudget": "lossbudget.js",
    "losscdf": "losscdf.js",
    "losspresets": "losspresets.js",
    "neighbourlists": "neighbourlists.js",
    "wordtable": "wordtable.js",
    "gramshares": "gramshares.js",
    "wordplane": "wordplane.js",
    "wordaxis": "wordaxis.js",
    "contexts": "contexts.js",
    "learnwindow": "learnwindow.js learnkit.js",
    "learncell": "learncell.js learnkit.js",
    "learngrams": "learngrams.js learnkit.js",
    "wordcourse": "wordcourse.js",
    "wordmap": "wordmap*.js",
    "quanttensor": "quanttensor*.js",
    "quantbits": "quantbits.js",
    "alignmatrix": "alignmatrix.js",
    "alignstill": "alignstill.js",
    "aligntrack": "aligntrack.js",
    "aligndtw": "aligndtw.js",
    "alignbroken": "alignbroken.js aligncourse.js",
    "alignlines": "alignlines.js alignchart.js",
    "alignfusion": "alignfusion.js alignchart.js",
    "alignspace": "alignspace.js aligncourse.js",
    "alignlosses": "alignlosses.js",
    "aligngallery": "aligngallery.js",
}
# Names that a script builds: the values of THEMES in topbar.js and of SHARES in paneswitch.js.
BUILT = {f"topbar.theme_{name}" for name in ("system", "light", "dark")}
BUILT |= {f"paneswitch.{name}" for name in ("beside", "hidden", "only")}
# Names that marks.js and document.js build: grades of a note, ways to show the text and the notes.
BUILT |= {f"marks.grade_{grade}" for grade in (*notes.GRADES, "contradiction")}
BUILT |= {f"marks.text_{name}" for name in controls.load("reader")["text"].options}
# Names that the scripts of the focal-loss page build: choices with their options, panels, owners, rules of a cell.
OPTIONS = {"what": "loss factor gradient", "scale": "linear log", "across": "p logit", "side": "positive negative"}
BUILT |= {f"losscurves.{control}_{option}" for control, options in OPTIONS.items() for option in options.split()}
BUILT |= {f"losscurves.{axis}" for axis in ("x_p", "x_logit", "y_loss", "y_factor", "y_gradient")}
BUILT |= {f"losscurves.head_{name}" for name in ("loss", "less", "pull")}
OWNERS = ("easy_negative", "hard_negative", "positive", "mislabelled")
BUILT |= {f"{group}.{owner}" for group in ("losscurves", "lossbudget") for owner in OWNERS}
BUILT |= {f"losssteps.{name}" for name in ("kind_binary", "kind_classes", "given_p", "given_logit")}
BUILT |= {f"losssteps.err_{name}" for name in ("empty", "number", "p", "logit", "logits", "weight")}
RULES = ("gamma", "ratio", "difficulty", "noise", "alpha")
BUILT |= {f"lossbudget.{what}_{name}" for what in ("control", "help") for name in RULES}
BUILT |= {f"lossbudget.{name}" for name in ("loss", "gradient", "y_loss", "y_gradient")}
BUILT |= {f"losscdf.{side}" for side in ("positive", "negative")}
# Names that the scripts of the alignment page build: what a cell shows, keys of a legend.
BUILT |= {f"alignmatrix.cells_{name}" for name in ("cosine", "rows", "columns")}
BUILT |= {f"alignmatrix.key_{name}" for name in ("own", "image", "text", "hard_text", "hard_image")}
BUILT |= {
    f"aligntrack.{what}_{kind}"
    for what in ("upper", "lower", "y", "read")
    for kind in ("subtitle", "speech", "foreign")
}
BUILT |= {f"aligndtw.{name}" for name in ("key_path", "key_even", "key_word", "play_plain", "play_slow")}
BUILT |= {f"alignbroken.y_{name}" for name in ("recall_1", "recall_5")}
BUILT |= {f"alignbroken.metric_{name}" for name in ("recall_1", "recall_5")}
BUILT |= {f"alignbroken.way_{name}" for name in ("both", "image_to_text", "text_to_image")}
BUILT |= {f"alignbroken.title_{name}" for name in ("aligned", "broken")}
BUILT |= {f"alignbroken.part_{name}" for name in ("colour", "shape", "size", "place")}
BUILT |= {f"alignbroken.legend_{name}" for name in ("aligned", "broken", "own", "luck")}
BUILT |= {f"alignbroken.{name}" for name in ("metric", "way")}
SPACE = "run run_aligned run_broken y_alignment y_uniformity legend_picture legend_caption legend_means legend_pull"
SPACE += " legend_push chosen_picture chosen_caption of_caption of_picture"
BUILT |= {f"alignspace.{name}" for name in SPACE.split()}
BUILT |= {f"alignlosses.kind_{name}" for name in ("infonce", "sigmoid", "triplet", "hardest", "supervised")}
BUILT |= {f"alignlosses.control_{name}" for name in ("batch", "scale", "margin", "bias")}
BUILT |= {f"alignlosses.{name}" for name in ("label_colour", "label_shape", "legend_pull", "legend_push")}
BUILT |= {f"alignlosses.{name}" for name in ("loss_nats", "loss_cosine")}
# Names that the scripts of the embeddings page build: sliders and what they do, columns, buttons, orders.
LEARNT = {
    "learnwindow": "window negatives rate",
    "learncell": "window cell xmax power rate",
    "learngrams": "nmin nmax rate",
}
BUILT |= {
    f"{group}.{what}_{name}"
    for group, names in LEARNT.items()
    for name in names.split()
    for what in ("control", "help")
}
BUILT |= {f"{group}.{name}" for group in LEARNT for name in ("step", "again", "next", "play")}
BUILT |= {f"learnwindow.head_{name}" for name in ("sample", "label", "score", "chance", "loss", "pull")}
BUILT |= {"gramshares.order_place", "gramshares.order_size"}
# Names that wordmap.js builds: controls with their options, classes of words.
MAP_OPTIONS = {
    "shown": "some all own",
    "method": "umap plain tsne pca",
    "metric": "cosine euclidean",
    "dims": "2 3",
    "colour": "topic speech frequency faithful",
    "topic": "people living places things time mind deeds qualities other",
    "speech": "noun verb adjective adverb other",
}
BUILT |= {f"wordmap.{name}_{option}" for name, options in MAP_OPTIONS.items() for option in options.split()}
BUILT |= {f"wordmap.{name}" for name in ("method", "n_neighbors", "min_dist", "metric", "seed", "dims", "colour")}
# Names that the scripts of the quantization page build: choices with their options, cells.
GRID_OPTIONS = {
    "grain": "tensor channel g128 g64 g32",
    "grid": "symmetric affine",
    "clipping": "minmax percentile mse",
    "zoom": "row all",
}
BUILT |= {f"quanttensor.{name}_{option}" for name, options in GRID_OPTIONS.items() for option in options.split()}
BUILT |= {f"quanttensor.{name}" for name in (*GRID_OPTIONS, "bits", "percentile", "scale_by", "zero_shift")}
BUILT |= {f"quanttensor.cell_{name}" for name in ("levels", "sqnr", "mse", "bytes", "clipped", "worst", "picked")}
FORMS = ("fp32", "fp16", "bf16", "e4m3", "e5m2", "int8", "int4")
BUILT |= {f"quantbits.{name}" for name in ("sign", "exponent", "mantissa", *(f"name_{form}" for form in FORMS))}
BUILT |= {f"quanttensor.legend_{name}" for name in ("ranges", "widest", "levels")}
PYTHON = "\n".join(path.read_text("utf-8") for folder in ("pages", "ui") for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("group", GROUPS)
def test_a_script_uses_every_text_of_its_group_and_no_other(group: str) -> None:
    folder = ROOT / "ui" / "components"
    paths = sorted(path for pattern in GROUPS[group].split() for path in folder.glob(pattern))
    source = "\n".join(path.read_text("utf-8") for path in paths)
    used = {f"{group}.{name}" for name in re.findall(r"\blabels\.(\w+)", source) if name != "lang"}
    given = {key for key in TEXTS if key.startswith(f"{group}.")}
    assert used <= given
    assert {key for key in given - used - BUILT if f'"{key}"' not in PYTHON} == set()


def raised() -> dict[str, set[str]]:
    """Codes that explainers raise and the details each of them gives at every place, read off their source."""
    codes: dict[str, set[str]] = {}
    for path in sorted((ROOT / "explainers").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if name == "_refuse":
                code = node.args[1]
                assert isinstance(code, ast.Constant), f"{path.name}:{node.lineno}"
                given = {word.arg or "" for word in node.keywords} | {"kind", "location"}
                codes[code.value] = codes.get(code.value, given) & given
    return codes


def test_a_refusal_of_a_model_is_said_with_what_it_tells() -> None:
    found = raised()
    assert {"package-missing", "checksum", "file-missing"} <= set(found)
    for code, details in found.items():
        assert language.fields(TEXTS[f"error.{code}"]) <= details, code
