"""A reader's own model on the quantization page: every view with every family, and what is refused in which words."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from pasted import printed
from quantization_page import ROOT, claims, opened, said, settled

from explainers.models import BUNDLED_BERT, ModelSource
from explainers.quantization import measure, store, variants, weights
from pages.parts import own_model
from ui import figure, language

sys.path.append(str(ROOT / "tests" / "explainers"))

from encoders import FAMILIES, LAYERS, WIDTH, save_encoder

SENTENCES = "The cat sat on the mat.\nThe dog ran."
OWN = ("tensor", "sentence", "sensitivity", "models")


@pytest.fixture(autouse=True)
def at_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Streamlit's test harness has no connection and so no address."""
    monkeypatch.delenv(own_model.FOLDER, raising=False)
    monkeypatch.setattr(own_model, "at_this_machine", lambda *_: True)
    monkeypatch.setenv("ILLUSTRATED_NOTES_CACHE", str(tmp_path))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {family: save_encoder(tmp_path_factory.mktemp("own") / family, family) for family in FAMILIES}


def broken(folder: Path, value: float) -> Path:
    """A BERT with one weight that is `value`."""
    from safetensors.torch import load_file, save_file

    save_encoder(folder, "bert", head=False)
    path = folder / "model.safetensors"
    tensors = load_file(path)
    tensors["encoder.layer.1.output.dense.weight"][2, 3] = value
    save_file(tensors, path, {"format": "pt"})
    return folder


@pytest.mark.parametrize("lens", ["tensor", "sentence", "sensitivity"])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_view_is_made_of_the_readers_model(family: str, lens: str, folders: dict[str, Path]) -> None:
    page = settled(opened(lens=lens, model=str(folders[family]), sentences=SENTENCES))
    found = claims(page)
    assert len(found) == {"tensor": 2, "sentence": 2, "sensitivity": 2}[lens]
    assert all(re.search(r"\d", claim) and "{" not in claim for claim in found)
    bundled = claims(settled(opened(lens=lens, sentences=SENTENCES)))
    assert not set(found) & set(bundled)
    t = language.load("en")
    assert t("quantmodel.shipped") not in said(page) and t("quant.plans.shipped") not in said(page)


def test_the_first_claim_does_without_cosines_until_they_are_there(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ui import work

    monkeypatch.setattr(work, "quietly", lambda *_, **__: None)
    (claim,) = claims(opened(model=str(folders["bert"])))
    assert claim.startswith("8 bits, one scale per matrix: channel")
    assert "cosine" not in claim


def test_layers_are_found_in_every_family(folders: dict[str, Path]) -> None:
    for family in FAMILIES:
        source = ModelSource("folder", str(folders[family]))
        blocks = 1 if family == "albert" else LAYERS  # ALBERT's blocks share their weights
        found = weights.layers(source)
        assert [(layer.block, layer.part) for layer in found] == [
            (block + 1, part) for block in range(blocks) for part in weights.PARTS
        ]
        for layer in found:
            rows, columns = weights.tensor(layer.name, source).values.shape
            assert (rows, columns) == {"up": (32, WIDTH), "down": (WIDTH, 32)}.get(layer.part, (WIDTH, WIDTH))


def test_a_block_or_a_head_that_the_model_lacks_is_brought_in(folders: dict[str, Path]) -> None:
    page = said(opened(block="6", model=str(folders["distilbert"])))
    assert language.load("en")("models.no_layer", asked=6, most=LAYERS) in page
    assert len(claims(settled(opened(lens="sentence", head="12", head_block="6", model=str(folders["albert"]))))) == 2


def test_nothing_is_shipped_for_a_readers_model(folders: dict[str, Path]) -> None:
    t = language.load("en")
    page = said(opened(lens="models", model=str(folders["bert"])))
    assert t("quantmodel.unmeasured") in page and t("quantmodel.shipped") not in page


@pytest.mark.parametrize("lens", ["kinds", "beyond", "latency"])
def test_views_of_the_bundled_model_say_so(lens: str, folders: dict[str, Path]) -> None:
    sentence = language.load("en")("quant.bundled_only")
    assert sentence in said(opened(lens=lens, model=str(folders["bert"])))
    assert sentence not in said(opened(lens=lens))


@pytest.mark.parametrize("lens", OWN)
@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_weights_that_are_no_numbers_are_refused(lens: str, lang: str, tmp_path: Path) -> None:
    for value in (float("nan"), float("inf")):
        folder = broken(tmp_path / str(value), value)
        page = said(opened(lang, lens=lens, model=str(folder)))
        tensor = "encoder.layer.1.output.dense.weight"
        assert language.load(lang)("error.quant-not-finite", n=1, tensor=tensor) in page


@pytest.mark.parametrize("lens", OWN)
@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_a_model_without_linear_layers_is_refused(lens: str, lang: str, tmp_path: Path) -> None:
    folder = save_encoder(tmp_path / "bare", "bert", head=False, num_hidden_layers=0)
    page = said(opened(lang, lens=lens, model=str(folder)))
    assert language.load(lang)("error.quant-no-linear", location=folder) in page


@pytest.mark.parametrize("lens", OWN)
def test_what_is_no_model_is_said(lens: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    t = language.load("en")
    assert t("error.folder-missing", kind="folder", location="/not/there") in said(
        opened(lens=lens, model="/not/there")
    )
    (tmp_path / "empty").mkdir()
    assert "config.json" in said(opened(lens=lens, model=str(tmp_path / "empty")))
    assert "<script>alert" not in said(opened(lens=lens, model="<script>alert(1)</script>"))
    monkeypatch.setattr(own_model, "at_this_machine", lambda *_: False)
    assert t("error.folder-not-here") in said(opened(lens=lens, model=str(tmp_path)))


def test_an_enormous_weight_is_no_mistake(tmp_path: Path) -> None:
    found = claims(settled(opened(model=str(broken(tmp_path / "outlier", 1e6)), block="2", part="down")))
    assert "Channel 2 of this matrix is" in found[0]


# ---------------------------------------------------------------- what is kept and what is measured


def test_the_fingerprint_is_the_models_and_not_the_folders(tmp_path: Path) -> None:
    first, second, other = (
        weights.fingerprint(ModelSource("folder", str(folder)))
        for folder in (
            save_encoder(tmp_path / "a", "bert", head=False),
            save_encoder(tmp_path / "b", "bert", head=False),
            broken(tmp_path / "c", 0.5),
        )
    )
    assert first == second != other
    assert weights.fingerprint() == BUNDLED_BERT.sha256


@pytest.mark.parametrize("name", ["torch-int8-channel", "onnx-int8-token"])
def test_two_models_never_share_a_file(name: str, tmp_path: Path) -> None:
    files = [
        variants.build(name, source=ModelSource("folder", str(folder))).file
        for folder in (save_encoder(tmp_path / "a", "bert", head=False), broken(tmp_path / "c", 0.5))
    ]
    assert files[0] != files[1] and files[0].read_bytes() != files[1].read_bytes()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_engine_runs_it_or_is_named(
    family: str, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "BUDGET_S", 0.01)
    source = ModelSource("folder", str(folders[family]))
    names = ("torch-fp32", "torch-bf16", "torch-int8-channel", "torchao-int8-token", "onnx-fp32", "onnx-int8-static")
    found = measure.measure(tuple(SENTENCES.splitlines()), ("the cat",), names, source=source)
    ran = {one.name for one in found.ran}
    assert ran == (set(names) if family == "bert" else {name for name in names if name.startswith("torch")})
    assert all(one.lowest > 0.9 for one in found.ran)
    for one in found.results:
        assert one.refused == ("" if one.name in ran else "quant-engine-family")
        if one.refused:
            language.load("zh-Hant")(f"error.{one.refused}", **dict(one.details))


def test_an_activation_that_our_graph_has_not_is_named(tmp_path: Path) -> None:
    folder = save_encoder(tmp_path / "relu", "bert", head=False, hidden_act="relu")
    with pytest.raises(variants.VariantError, match="quant-engine-refused") as refused:
        variants.build("onnx-fp32", source=ModelSource("folder", str(folder)))
    assert "relu" in str(refused.value.details["reason"])


def test_a_layer_too_narrow_for_groups_is_named_and_the_rest_goes_on(folders: dict[str, Path]) -> None:
    """torchao's groups are 32 inputs wide, these layers 16: it raises an AssertionError."""
    source = ModelSource("folder", str(folders["bert"]))
    found = measure.measure(("the cat",), (), ("torchao-int4-group", "torch-fp32"), source=source)
    assert [one.refused for one in found.results] == ["quant-engine-refused", ""]
    assert "32" in dict(found.results[0].details)["reason"]


def test_a_model_that_builds_and_does_not_run_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    built = variants.build("torch-fp32")

    def fails(*_: object) -> None:
        raise NotImplementedError("no kernel")

    monkeypatch.setattr(measure, "build", lambda name, *_, **__: replace(built, run=fails) if "bf16" in name else built)
    found = measure.measure(("the cat",), (), ("torch-fp32", "torch-bf16"), again=True)
    assert [one.refused for one in found.results] == ["", "quant-engine-refused"]


def test_results_are_kept_under_the_model(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "BUDGET_S", 0.01)
    monkeypatch.setattr(measure, "NAMES", ("torch-fp32", "onnx-fp32"))
    source, texts = ModelSource("folder", str(folders["bert"])), tuple(SENTENCES.splitlines())
    found = measure.measure(texts, (), measure.NAMES, source=source)
    assert measure.kept(texts, (), source=source) == found
    assert measure.kept(texts, ()) is None
    assert store.folder().is_dir()


@pytest.mark.parametrize("lens", ["tensor", "sentence", "sensitivity"])
def test_the_code_names_the_readers_model(lens: str, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The snippets of a view run in a fresh process and print what the page shows."""
    found: list[str] = []
    card = figure.card

    def hear(*args: object, **options: object) -> object:
        found.append(options["code"]())  # type: ignore[operator]
        return card(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(figure, "card", hear)
    said(settled(opened(lens=lens, model=str(folders["bert"]), sentences=SENTENCES)))
    texts = list(dict.fromkeys(found))
    assert len(texts) >= 2 and all(str(folders["bert"]) in text for text in texts)
    assert all(re.search(r"\d", said) for said in printed(texts))
