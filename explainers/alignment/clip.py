"""A real CLIP from a folder or a hub: the same matrix with a model that has seen hundreds of millions of pairs.

Reads CLIP (Radford et al. 2021, arXiv:2103.00020) and Chinese CLIP (Yang et al. 2022, arXiv:2211.01335), weights from
safetensors only. Pictures are prepared as the models' own processors do, without torchvision: shorter side to `size`
(bicubic), middle square, mean and deviation of the model's settings.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explainers.alignment.batch import MOST, Batch
from explainers.alignment.contrastive import BatchError
from explainers.alignment.pictures import Picture, squared
from explainers.models import ModelSource, ModelUnavailableError
from explainers.progress import Report, silent

if TYPE_CHECKING:
    from transformers import CLIPModel, PreTrainedTokenizerBase

FAMILIES = {"clip": "CLIPModel", "chinese_clip": "ChineseCLIPModel"}
MEAN = (0.48145466, 0.4578275, 0.40821073)  # of the pictures that CLIP was trained on
DEVIATION = (0.26862954, 0.26130258, 0.27577711)
SHOWN_SIDE = 96  # pixels of a picture in the matrix
PICKLES = (".bin", ".pt", ".pth", ".ckpt")


@dataclass(frozen=True, eq=False)
class LoadedClip:
    """A CLIP in evaluation mode. size, mean, deviation: how pictures are prepared. longest: tokens of a text."""

    source: ModelSource
    model: CLIPModel
    tokenizer: PreTrainedTokenizerBase
    size: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    longest: int


_lock = threading.Lock()
_kept: dict[ModelSource, LoadedClip] = {}


def _refuse(source: ModelSource, code: str, **details: str) -> ModelUnavailableError:
    return ModelUnavailableError(code, {"kind": source.kind, "location": source.location, **details})


def load_clip(source: ModelSource) -> LoadedClip:
    """The CLIP at `source`; the last one that was asked for is kept. Raises ModelUnavailableError."""
    with _lock:
        if source not in _kept:
            found = _read(source)
            _kept.clear()
            _kept[source] = found
        return _kept[source]


def _read(source: ModelSource) -> LoadedClip:
    import torch
    import transformers

    torch.set_num_threads(1)  # as every model here runs: see explainers.models
    local = source.kind == "folder"
    settings = _folder_settings(source) if local else _hub_settings(source)
    family = str(settings.get("model_type", ""))
    if family not in FAMILIES:
        raise _refuse(source, "architecture", expected=", ".join(FAMILIES), found=family)
    try:
        model, report = getattr(transformers, FAMILIES[family]).from_pretrained(
            source.location,
            local_files_only=local,
            trust_remote_code=False,
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            source.location, local_files_only=local, trust_remote_code=False
        )
    except Exception as error:  # a damaged file raises whatever its parser raises
        raise _refuse(source, "unreadable", reason=type(error).__name__) from error
    if report["missing_keys"]:
        raise _refuse(source, "unreadable", reason="missing-tensors")
    size, mean, deviation = _prepared(Path(source.location) if local else None, model.config)
    longest = int(model.config.text_config.max_position_embeddings)
    return LoadedClip(source, model.eval(), tokenizer, size, mean, deviation, longest)


def _folder_settings(source: ModelSource) -> dict[str, object]:
    folder = Path(source.location)
    if not folder.is_dir():
        raise _refuse(source, "folder-missing")
    if not (folder / "config.json").is_file():
        raise _refuse(source, "file-missing", file="config.json")
    if not list(folder.glob("*.safetensors")):
        if pickles := sorted(path.name for path in folder.iterdir() if path.suffix in PICKLES):
            raise _refuse(source, "pickle-refused", file=pickles[0])
        raise _refuse(source, "file-missing", file="model.safetensors")
    try:
        settings = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _refuse(source, "unreadable", reason=type(error).__name__) from error
    return settings if isinstance(settings, dict) else {}


def _hub_settings(source: ModelSource) -> dict[str, object]:
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(source.location, trust_remote_code=False)
    except Exception as error:  # HTTP, cache and parsing errors: all mean it could not be fetched
        raise _refuse(source, "hub-unreachable", reason=type(error).__name__) from error
    return {"model_type": config.model_type}


def _prepared(folder: Path | None, config: object) -> tuple[int, tuple[float, ...], tuple[float, ...]]:
    """Picture size; mean and deviation from the folder's preprocessor_config.json, or CLIP's own."""
    size = int(config.vision_config.image_size)  # type: ignore[attr-defined]
    path = folder / "preprocessor_config.json" if folder else None
    table: dict[str, list[float]] = {}
    if path is not None and path.is_file():
        try:
            table = json.loads(path.read_text("utf-8"))
        except ValueError:
            table = {}
    return size, tuple(table.get("image_mean", MEAN)), tuple(table.get("image_std", DEVIATION))


def prepare(picture: Picture, size: int, mean: Sequence[float], deviation: Sequence[float]) -> NDArray[np.float32]:
    """A picture as CLIP's network takes it, Float32[3, size, size]."""
    image = Image.fromarray(picture.pixels)
    shorter = min(image.size)
    wide, high = (int(size * side / shorter) for side in image.size)
    image = image.resize((wide, high), Image.Resampling.BICUBIC)
    left, top = (wide - size) // 2, (high - size) // 2
    values = np.asarray(image.crop((left, top, left + size, top + size)), np.float32) / 255
    scaled = (values - np.asarray(mean, np.float32)) / np.asarray(deviation, np.float32)
    return np.ascontiguousarray(scaled.transpose(2, 0, 1))


def embed(source: ModelSource, pictures: Sequence[Picture], texts: Sequence[str], report: Report = silent) -> Batch:
    """The reader's pictures and captions through the CLIP at `source`, pair by pair.

    Raises BatchError (none, or not as many captions as pictures) and ModelUnavailableError.
    """
    import torch

    check_pairs(pictures, texts)
    loaded = load_clip(source)
    report(0.3, None)
    images: list[NDArray[np.float32]] = []
    with torch.inference_mode():
        for done, one in enumerate(pictures):
            pixels = torch.from_numpy(prepare(one, loaded.size, loaded.mean, loaded.deviation))[None]
            images.append(_unit(loaded.model.get_image_features(pixel_values=pixels)))
            report(0.3 + 0.6 * (done + 1) / len(pictures), None)
        tokens = loaded.tokenizer(
            list(texts), padding=True, truncation=True, max_length=loaded.longest, return_tensors="pt"
        )
        vectors = _unit(loaded.model.get_text_features(**tokens))
        scale = float(loaded.model.logit_scale.exp())
    shown = np.stack([squared(one, SHOWN_SIDE) for one in pictures])
    return Batch(shown, tuple(texts), np.concatenate(images), vectors, min(scale, 100.0))


def _unit(found: object) -> NDArray[np.float32]:
    """Unit vectors, whether the model hands out the projection itself or an output that holds it."""
    values = getattr(found, "pooler_output", found).numpy()  # type: ignore[attr-defined]
    return np.asarray(values / np.linalg.norm(values, axis=1, keepdims=True), np.float32)


def check_pairs(pictures: Sequence[Picture], texts: Sequence[str]) -> None:
    """Raise BatchError where there is no pair, too many, or a picture without a caption."""
    if not pictures or not texts:
        raise BatchError("alignment-batch-empty")
    if len(pictures) != len(texts):
        raise BatchError("alignment-batch-uneven", {"pictures": str(len(pictures)), "captions": str(len(texts))})
    if len(pictures) > MOST:
        raise BatchError("alignment-batch-many", {"most": str(MOST)})
