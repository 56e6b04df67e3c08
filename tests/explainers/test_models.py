"""Where weights come from: what is accepted, what is refused with which code, and one load for all."""

import json
import logging
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from explainers import models
from explainers.models import BUNDLED_BERT, ModelSource, ModelUnavailableError, load_bert

BUNDLED_FOLDER = models._bundled_folder(BUNDLED_BERT)
NEEDED = ("config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json")


@pytest.fixture(autouse=True)
def fresh_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test loads, no other test finds; what the other modules loaded stays theirs."""
    monkeypatch.setattr(models, "_loaded", {})
    monkeypatch.setattr(models, "_source_locks", {})


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every attempt to look up a name or to connect fails, and is recorded."""
    attempts: list[object] = []

    def refuse(*target: object, **_: object) -> None:
        attempts.append(target)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return attempts


@pytest.fixture
def copy_of_model(tmp_path: Path) -> Path:
    """A folder like the bundled one, whose small files may be changed; the weights are a link."""
    for name in NEEDED:
        shutil.copy(BUNDLED_FOLDER / name, tmp_path / name)
    (tmp_path / models.WEIGHTS_FILE).symlink_to(BUNDLED_FOLDER / models.WEIGHTS_FILE)
    return tmp_path


def refusal(source: ModelSource) -> ModelUnavailableError:
    with pytest.raises(ModelUnavailableError) as caught:
        load_bert(source)
    assert caught.value.details["kind"] == source.kind
    assert caught.value.details["location"] == source.location
    return caught.value


def test_the_bundled_model_loads_without_a_request(no_network: list[object], capfd: pytest.CaptureFixture[str]) -> None:
    loaded = load_bert()
    assert (loaded.layers, loaded.heads, loaded.hidden, loaded.max_positions) == (6, 12, 384, 512)
    assert not loaded.model.training
    assert loaded.model.config._attn_implementation == "eager"
    assert {str(parameter.dtype) for parameter in loaded.model.parameters()} == {"torch.float32"}
    assert loaded.tokenizer.is_fast
    assert load_bert() is loaded
    assert no_network == []
    assert "Loading weights" not in capfd.readouterr().err


def test_a_folder_loads_without_a_request(no_network: list[object]) -> None:
    loaded = load_bert(ModelSource("folder", str(BUNDLED_FOLDER)))
    assert loaded.layers == 6
    assert no_network == []


def test_torch_computes_on_one_thread() -> None:
    import torch

    load_bert()
    assert torch.get_num_threads() == 1


def test_eight_threads_share_one_load(monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[ModelSource] = []
    real_load = models._load
    start = threading.Barrier(8)
    results: list[object] = []

    def counted(source: ModelSource, families: tuple[models.Family, ...]) -> models.LoadedEncoder:
        loads.append(source)
        return real_load(source, families)

    def ask() -> None:
        start.wait()
        results.append(load_bert())

    monkeypatch.setattr(models, "_load", counted)
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads == [BUNDLED_BERT]
    assert len(results) == 8
    assert len({id(result) for result in results}) == 1


def test_altered_weights_are_refused_before_they_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "_build", lambda *_, **__: pytest.fail("opened before the check"))
    error = refusal(ModelSource("bundled", BUNDLED_BERT.location, "0" * 64))
    assert error.code == "checksum"
    assert error.details["expected"] == "0" * 64
    assert error.details["found"] == BUNDLED_BERT.sha256


@pytest.mark.parametrize("name", ["no_such_package_here", "no_such.package_here", ""])
def test_a_missing_package(name: str) -> None:
    assert refusal(ModelSource("bundled", name)).code == "package-missing"


@pytest.mark.parametrize("name", ["missing", "nul\0byte"])
def test_a_missing_folder(tmp_path: Path, name: str) -> None:
    assert refusal(ModelSource("folder", str(tmp_path / name))).code == "folder-missing"


def without_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.txt").unlink()


@pytest.mark.parametrize(
    ("damage", "file"),
    [
        (lambda folder: (folder / "config.json").unlink(), "config.json"),
        (lambda folder: (folder / "model.safetensors").unlink(), "model.safetensors"),
        (without_tokenizer, "tokenizer.json"),
    ],
)
def test_a_missing_file_is_named(copy_of_model: Path, damage: Callable[[Path], None], file: str) -> None:
    damage(copy_of_model)
    error = refusal(ModelSource("folder", str(copy_of_model)))
    assert (error.code, error.details["file"]) == ("file-missing", file)


def test_a_pickle_is_never_opened(copy_of_model: Path) -> None:
    (copy_of_model / "model.safetensors").unlink()
    (copy_of_model / "pytorch_model.bin").write_bytes(b"\x80\x04 would run code")
    error = refusal(ModelSource("folder", str(copy_of_model)))
    assert (error.code, error.details["file"]) == ("pickle-refused", "pytorch_model.bin")


@pytest.mark.parametrize("config", [{"model_type": "distilbert"}, {}, ["bert"]])
def test_another_architecture(copy_of_model: Path, config: object) -> None:
    (copy_of_model / "config.json").write_text(json.dumps(config), encoding="utf-8")
    error = refusal(ModelSource("folder", str(copy_of_model)))
    assert error.code == "architecture"
    assert error.details["found"] == (config.get("model_type", "") if isinstance(config, dict) else "")


def test_damaged_weights_and_a_failure_is_not_remembered(copy_of_model: Path) -> None:
    source = ModelSource("folder", str(copy_of_model))
    weights = copy_of_model / "model.safetensors"
    weights.unlink()
    weights.write_bytes((BUNDLED_FOLDER / "model.safetensors").read_bytes()[:5000])
    assert refusal(source).code == "unreadable"
    weights.unlink()
    weights.symlink_to(BUNDLED_FOLDER / "model.safetensors")
    assert load_bert(source).layers == 6


def test_a_damaged_configuration(copy_of_model: Path) -> None:
    (copy_of_model / "config.json").write_text("{", encoding="utf-8")
    assert refusal(ModelSource("folder", str(copy_of_model))).code == "unreadable"


def test_tensors_missing_from_the_file_are_not_invented(copy_of_model: Path) -> None:
    weights = copy_of_model / "model.safetensors"
    tensors = load_file(weights)
    weights.unlink()
    dropped = {name: tensor for name, tensor in tensors.items() if "layer.3" not in name}
    save_file(dropped, weights, metadata={"format": "pt"})
    error = refusal(ModelSource("folder", str(copy_of_model)))
    assert (error.code, error.details["reason"]) == ("unreadable", "missing-tensors")


def test_a_hub_id_goes_through_from_pretrained(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub
    import transformers

    asked: list[str] = []

    def redirect(kind: type) -> None:
        real = kind.from_pretrained

        def local(name: str, **options: object) -> object:
            asked.append(f"{kind.__name__} {name} {options.get('local_files_only')}")
            return real(str(BUNDLED_FOLDER), **{**options, "local_files_only": True})

        monkeypatch.setattr(kind, "from_pretrained", local)

    for kind in (transformers.AutoTokenizer, transformers.AutoModel, transformers.AutoConfig):
        redirect(kind)
    monkeypatch.setattr(
        huggingface_hub, "hf_hub_download", lambda name, file: str(BUNDLED_FOLDER / file) if name else ""
    )
    hub_id = "sentence-transformers/all-MiniLM-L6-v2"
    assert load_bert(ModelSource("hub", hub_id, BUNDLED_BERT.sha256)).layers == 6
    assert asked[0] == f"AutoConfig {hub_id} None"
    assert {f"AutoTokenizer {hub_id} False", f"AutoModel {hub_id} False"} <= set(asked)
    assert refusal(ModelSource("hub", hub_id, "0" * 64)).code == "checksum"


def test_an_unreachable_hub(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    from huggingface_hub import constants

    # The library's own offline switch: the real code path, without its half minute of retries.
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with caplog.at_level(logging.WARNING, logger="explainers.models"):
        error = refusal(ModelSource("hub", "nobody/no-such-model-here"))
    assert error.code == "hub-unreachable"
    assert "nobody/no-such-model-here" in caplog.text


def test_a_hub_model_of_another_architecture(monkeypatch: pytest.MonkeyPatch) -> None:
    import transformers

    monkeypatch.setattr(transformers.AutoConfig, "from_pretrained", lambda *_, **__: transformers.DistilBertConfig())
    error = refusal(ModelSource("hub", "someone/distilled"))
    assert (error.code, error.details["found"]) == ("architecture", "distilbert")


def test_importing_costs_neither_torch_nor_transformers() -> None:
    program = (
        "import sys, explainers.models, explainers.attention\n"
        "heavy = {'torch', 'transformers', 'tokenizers', 'huggingface_hub', 'streamlit', 'scipy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert printed(program) == "[]"


def test_loading_the_bundled_model_leaves_torchao_alone() -> None:
    program = (
        "import sys, explainers.models as models\n"
        "models.load_encoder(models.BUNDLED_BERT)\n"
        "print([name for name in ('torch', 'transformers', 'torchao') if name in sys.modules])"
    )
    assert printed(program) == "['torch', 'transformers']"


def printed(program: str) -> str:
    """What a fresh interpreter prints."""
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(models.__file__).parents[1],
    )
    return run.stdout.strip()


def test_two_models_of_a_readers_own_are_kept_and_the_third_makes_room(tmp_path: Path) -> None:
    import gc
    import weakref

    from encoders import save_encoder

    own = [ModelSource("folder", str(save_encoder(tmp_path / name, "bert"))) for name in ("a", "b", "c")]
    bundled = load_bert()
    first, second = (models.load_encoder(source) for source in own[:2])
    gone = weakref.ref(second.model)
    assert models.load_encoder(own[0]) is first  # asked for last, so the other one is the oldest
    del second
    third = models.load_encoder(own[2])
    gc.collect()
    assert gone() is None
    assert [models.is_loaded(source) for source in own] == [True, False, True]
    assert load_bert() is bundled
    assert models.load_encoder(own[2]) is third
    assert models._source_locks == {}


def test_a_folder_that_may_not_be_read_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.os, "access", lambda *_: False)
    assert refusal(ModelSource("folder", str(tmp_path))).code == "folder-missing"


def test_a_path_that_no_disk_can_hold_is_none() -> None:
    assert refusal(ModelSource("folder", "x" * 5000)).code == "folder-missing"
