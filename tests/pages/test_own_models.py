"""A reader's own model: who may open which folder, every view with every family, and what is refused in which words."""

from __future__ import annotations

import ast
import builtins
import sys
from pathlib import Path

import pytest
from attention_page import claims, notices, opened, said
from streamlit.testing.v1 import AppTest

from explainers import models
from explainers.attention import guesses
from explainers.models import BUNDLED_BERT, ModelSource
from pages.parts import own_model
from pages.parts.own_model import NotAllowedError, admitted
from pages.parts.own_model import at_this_machine as who_sits_there
from ui import controls, language

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "explainers"))

from encoders import FAMILIES, HEADS, LAYERS, save_encoder  # noqa: E402

LENSES = [lens for lens in controls.load("attention")["lens"].options if lens != "bertviz"]
TEXT = {"a": "The cat sat on the mat.", "b": "The dog ran."}


@pytest.fixture(autouse=True)
def at_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit's test harness has no connection and so no address; a test says who it plays."""
    monkeypatch.delenv(own_model.FOLDER, raising=False)
    monkeypatch.setattr(own_model, "at_this_machine", lambda *_: True)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One tiny model of each family, and a BERT without a head."""
    made = {family: save_encoder(tmp_path_factory.mktemp("own") / family, family) for family in FAMILIES}
    return {**made, "headless": save_encoder(tmp_path_factory.mktemp("own") / "headless", "bert", head=False)}


# ---------------------------------------------------------------- who may open what


def refused(text: str, **options: object) -> str:
    with pytest.raises(NotAllowedError) as caught:
        admitted(text, **options)  # type: ignore[arg-type]
    return caught.value.code


def test_nothing_typed_is_the_bundled_model_for_everybody() -> None:
    for shared in (None, "/models"):
        for near in (True, False):
            assert admitted("  ", same_machine=near, shared=shared) is BUNDLED_BERT


def test_a_reader_at_the_machine_names_any_folder() -> None:
    assert admitted(" /models/mine ", same_machine=True, shared=None) == ModelSource("folder", "/models/mine")
    assert admitted("~/mine", same_machine=True, shared=None).location == str(Path("~/mine").expanduser())
    assert admitted("hub:google-bert/bert-base-chinese", same_machine=True, shared=None) == ModelSource(
        "hub", "google-bert/bert-base-chinese"
    )
    admitted("~nobody-of-this-name/x\x00", same_machine=True, shared=None)


@pytest.mark.parametrize("text", ["/etc", "models", "~root", "../x", "C:\\models", "\x00"])
def test_a_reader_elsewhere_names_no_folder(text: str) -> None:
    assert refused(text, same_machine=False, shared=None) == "folder-not-here"


def test_a_hub_is_for_the_machine_itself() -> None:
    assert refused("hub:x/y", same_machine=False, shared=None) == "hub-not-here"
    assert refused("hub:x/y", same_machine=True, shared="/models") == "hub-not-here"


@pytest.mark.parametrize("near", [True, False])
def test_under_a_shared_folder_everybody_finds_what_lies_there(tmp_path: Path, near: bool) -> None:
    (tmp_path / "bert").mkdir()
    for text in ("bert", "./bert", str(tmp_path / "bert"), "bert/../bert"):
        found = admitted(text, same_machine=near, shared=str(tmp_path))
        assert found == ModelSource("folder", str((tmp_path / "bert").resolve()))
    assert admitted("not-there", same_machine=near, shared=str(tmp_path)).location.endswith("not-there")


@pytest.mark.parametrize("near", [True, False])
def test_nothing_outside_the_shared_folder_is_looked_at(
    tmp_path: Path, near: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (tmp_path / "secret").mkdir()
    (shared / "link").symlink_to(tmp_path / "secret")
    loop = shared / "loop"
    loop.symlink_to(loop)
    for text in ("link", "loop/x", "\x00"):
        assert refused(text, same_machine=near, shared=str(shared)) == "folder-outside"
    assert admitted("x" * 5000, same_machine=near, shared=str(shared)).kind == "folder"  # the loader says it is none

    def look(self: Path, strict: bool = False) -> Path:
        raise AssertionError(f"looked at {self}")

    monkeypatch.setattr(Path, "resolve", look)
    for text in ("..", "../secret", "/etc", "a/../../secret", str(tmp_path / "secret"), f"{shared}-too"):
        assert refused(text, same_machine=near, shared=str(shared)) == "folder-outside"


@pytest.mark.parametrize(
    ("address", "headers", "near"),
    [
        (None, {}, True),
        ("127.0.0.1", {}, True),
        ("127.8.8.8", {}, True),
        ("::1", {}, True),
        ("192.168.1.7", {}, False),
        ("2001:db8::1", {}, False),
        ("testclient", {}, False),
        (None, {"x-forwarded-for": "127.0.0.1"}, False),
        ("127.0.0.1", {"forwarded": "for=127.0.0.1"}, False),
        ("::1", {"x-real-ip": "::1"}, False),
        (None, {"via": "1.1 proxy"}, False),
        (None, {"host": "localhost"}, True),
    ],
)
def test_who_sits_at_the_machine(address: str | None, headers: dict[str, str], near: bool) -> None:
    assert who_sits_there(address, headers) is near


@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_a_reader_elsewhere_is_told_so_and_learns_nothing(
    lang: str, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_model, "at_this_machine", lambda *_: False)
    there, not_there = (notices(opened(lang, model=path)) for path in (str(folders["bert"]), "/not/there"))
    assert language.load(lang)("error.folder-not-here") in there
    assert there == not_there


def test_a_shared_folder_is_open_to_a_reader_elsewhere(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_model, "at_this_machine", lambda *_: False)
    monkeypatch.setenv(own_model.FOLDER, str(folders["bert"].parent))
    assert str(LAYERS) in said(opened(lens="gaps", model="bert", **TEXT))
    assert language.load("en")("error.folder-outside") in notices(opened(model="../headless"))


# ---------------------------------------------------------------- every view


# The two families farthest from BERT in every view; the others in those that reach into the model.
CASES = [(family, lens) for family in ("roberta", "albert") for lens in LENSES]
CASES += [(family, lens) for family in ("bert", "distilbert") for lens in ("heads", "input", "neuron", "off")]


@pytest.mark.parametrize(("family", "lens"), CASES)
def test_every_view_shows_every_family(folders: dict[str, Path], family: str, lens: str) -> None:
    app = opened(lens=lens, model=str(folders[family]), layer="1", head="1", **TEXT)
    assert language.load("en")("house.failed") not in said(app)
    assert claims(app)
    assert not any("cannot" in line for line in notices(app)), notices(app)


def test_the_explorer_counts_the_models_own_layers_and_heads(folders: dict[str, Path]) -> None:
    app = opened(model=str(folders["bert"]), layer="4", head="2", **TEXT)
    assert app.slider(key="attention-layer").max == LAYERS
    assert app.slider(key="attention-head").max == HEADS
    assert language.load("en")("models.no_layer", asked=4, most=LAYERS) in notices(app)


def test_a_text_longer_than_the_model_takes_is_cut_and_said(folders: dict[str, Path]) -> None:
    app = opened(model=str(folders["roberta"]), layer="1", head="1", a="the cat sat on the mat " * 9)
    assert any("reads the first 22" in line for line in notices(app))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_gap_is_filled_with_the_models_own_words(folders: dict[str, Path], family: str) -> None:
    app = opened(lens="gaps", model=str(folders[family]), gap="The [MASK] sat on the mat.", **TEXT)
    source = ModelSource("folder", str(folders[family]))
    best = guesses.top_k_masked(source, "The [MASK] sat on the mat.", 10)[0].guesses[0]
    assert f"“{best.text}” with {best.probability:.1%}" in claims(app)[0]


@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_a_missing_head_is_explained(folders: dict[str, Path], lang: str) -> None:
    t = language.load(lang)
    where = str(folders["headless"])
    assert t("error.no-mlm-head", location=where, family="bert") in notices(
        opened(lang, lens="gaps", model=where, **TEXT)
    )
    assert t("models.no_head") in notices(opened(lang, lens="gaps"))


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("lang", language.LANGUAGES)
@pytest.mark.parametrize(
    ("damage", "code", "file"),
    [
        (lambda f: (f / "model.safetensors").unlink(), "file-missing", "model.safetensors"),
        (lambda f: (f / "model.safetensors").rename(f / "pytorch_model.bin"), "pickle-refused", "pytorch_model.bin"),
        (lambda f: (f / "config.json").unlink(), "file-missing", "config.json"),
        (lambda f: (f / "config.json").write_text('{"model_type": "gpt2"}'), "architecture", ""),
        (lambda f: (f / "model.safetensors").write_bytes(b"\x00" * 64), "unreadable", ""),
        (lambda f: [one.unlink() for one in f.iterdir()] and f.rmdir(), "folder-missing", ""),
    ],
)
def test_a_folder_that_will_not_do_is_named_with_its_fault(
    tmp_path: Path, lang: str, damage: object, code: str, file: str
) -> None:
    folder = save_encoder(tmp_path / "model", "bert")
    damage(folder)  # type: ignore[operator]
    details = {"location": str(folder), "file": file, "found": "gpt2", "expected": ", ".join(models.FAMILIES)}
    wanted = language.load(lang)(f"error.{code}", **details)
    app = opened(lang, model=str(folder), **TEXT)
    assert wanted in notices(app)
    assert claims(app) == []
    assert app.text_input(key="attention-model").value == str(folder)


def test_a_model_of_one_layer_and_one_head_is_shown(tmp_path: Path) -> None:
    folder = save_encoder(tmp_path / "small", "bert", num_hidden_layers=1, num_attention_heads=1)
    assert len(claims(opened(model=str(folder), layer="4", head="2", **TEXT))) == 2


def codes() -> dict[str, set[str]]:
    """Every code raised with its own name in the attention explainers and this page, and the details it gives."""
    found: dict[str, set[str]] = {}
    parts = ROOT / "pages" / "parts"
    for path in [
        *(ROOT / "explainers" / "attention").glob("*.py"),
        *parts.glob("attention*.py"),
        parts / "own_model.py",
    ]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            call = node.exc if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) else None
            if call is None or not isinstance(call.func, ast.Name) or not call.args:
                continue
            code = call.args[0]
            own = call.func.id.endswith("Error") and not hasattr(builtins, call.func.id)
            if own and isinstance(code, ast.Constant) and isinstance(code.value, str):
                given = {
                    key.value for key in ast.walk(call) if isinstance(key, ast.Constant) and isinstance(key.value, str)
                }
                found.setdefault(code.value, set()).update(given)
    return found


@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_every_refusal_of_the_attention_explainers_has_a_sentence(lang: str) -> None:
    texts, found = language.load(lang).texts, codes()
    assert {"mask-row", "no-mlm-head", "folder-outside", "no-lines", "guess-too-long"} <= set(found)
    assert [code for code in found if f"error.{code}" not in texts] == []


def test_opened_is_the_page(folders: dict[str, Path]) -> None:
    app = opened(model=str(folders["bert"]), layer="1", head="1", **TEXT)
    assert isinstance(app, AppTest)
    assert app.query_params["model"] in ([str(folders["bert"])], str(folders["bert"]))
