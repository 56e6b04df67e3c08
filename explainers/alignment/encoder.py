"""The page's own dual encoder: a small convolutional network for pictures, a small recurrent one for captions.

Both end in a vector of length 1, so that their product is a cosine; one learned number, the logit scale, turns cosines
into logits. After CLIP (Radford et al. 2021, arXiv:2103.00020), a thousand times smaller. A Transformer of this size
learns nothing here in the time a reader waits, hence convolutions and a GRU.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from explainers.alignment import captions
from explainers.alignment.retrieval import Retrieval, measure
from explainers.errors import ExplainerError

WIDTH = 64  # of the shared space
FIRST_SCALE = 1 / 0.07  # CLIP's first logit scale
MOST_SCALE = 100.0  # CLIP's bound on it
CHUNK = 256  # pictures that are embedded at a time
WEIGHTS = Path(__file__).resolve().parents[2] / "assets" / "alignment" / "encoder.safetensors"
ABOUT = WEIGHTS.with_name("about.json")

Float32 = NDArray[np.float32]


class WeightsError(ExplainerError):
    """The shipped weights cannot be read. `code`: "alignment-weights" (details: file)."""


class ImageEncoder(nn.Module):
    """Pictures [n, 3, 48, 48] in [-1, 1] to vectors [n, WIDTH]."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 32, 5, 2, 2), nn.BatchNorm2d(32), nn.ReLU(),
            nn.Conv2d(32, 64, 3, 2, 1), nn.BatchNorm2d(64), nn.ReLU(),
            nn.Conv2d(64, 96, 3, 2, 1), nn.BatchNorm2d(96), nn.ReLU(),
            nn.Conv2d(96, 32, 1), nn.ReLU(), nn.Flatten(),
            nn.Linear(32 * 6 * 6, 128), nn.ReLU(), nn.Linear(128, WIDTH),
        )  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        out: Tensor = self.layers(images)
        return out


class TextEncoder(nn.Module):
    """Token ids [n, captions.LENGTH] to vectors [n, WIDTH]: the state of a GRU after the last token."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.words = nn.Embedding(words, 64, padding_idx=captions.PAD)
        self.gru = nn.GRU(64, 128, batch_first=True)
        self.out = nn.Linear(128, WIDTH)

    def forward(self, ids: Tensor) -> Tensor:
        states, _ = self.gru(self.words(ids))
        last = (ids != captions.PAD).sum(dim=1).clamp(min=1) - 1
        out: Tensor = self.out(states[torch.arange(len(ids)), last])
        return out


class DualEncoder(nn.Module):
    """Both encoders and the logit scale, kept as its logarithm as CLIP does."""

    def __init__(self) -> None:
        super().__init__()
        self.image = ImageEncoder()
        self.text = TextEncoder(captions.grammar().size)
        self.log_scale = nn.Parameter(torch.tensor(math.log(FIRST_SCALE)))

    @property
    def scale(self) -> Tensor:
        """The logit scale, at most MOST_SCALE."""
        return self.log_scale.exp().clamp(max=MOST_SCALE)

    def encode_images(self, images: Tensor) -> Tensor:
        """Unit vectors [n, WIDTH] of pictures [n, 3, 48, 48]."""
        return functional.normalize(self.image(images), dim=1)

    def encode_texts(self, ids: Tensor) -> Tensor:
        """Unit vectors [n, WIDTH] of token ids [n, LENGTH]."""
        return functional.normalize(self.text(ids), dim=1)


def new(seed: int = 0) -> DualEncoder:
    """An untrained dual encoder; the global generator of torch is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return DualEncoder()


def parameters(model: DualEncoder) -> int:
    """How many numbers are learned."""
    return sum(one.numel() for one in model.parameters())


def to_input(images: NDArray[np.uint8]) -> Tensor:
    """Pictures UInt8[n, 48, 48, 3] as the network's input [n, 3, 48, 48] in [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))).float().div_(127.5).sub_(1)


def infonce(images: Tensor, texts: Tensor, scale: Tensor) -> Tensor:
    """The symmetric InfoNCE of unit vectors [n, WIDTH] that belong together row by row; a scalar."""
    logits = scale * images @ texts.T
    target = torch.arange(len(logits))
    return (functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target)) / 2


def train_step(model: DualEncoder, optimiser: torch.optim.Optimizer, images: Tensor, ids: Tensor) -> float:
    """One step of InfoNCE on a batch; the loss before the step. The model must be in training mode."""
    loss = infonce(model.encode_images(images), model.encode_texts(ids), model.scale)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    return float(loss.detach())


def embed_images(model: DualEncoder, images: NDArray[np.uint8]) -> Float32:
    """Unit vectors Float32[n, WIDTH] of pictures UInt8[n, 48, 48, 3]; the model's mode is left as it was."""
    return _embed(model, [to_input(images[at : at + CHUNK]) for at in range(0, len(images), CHUNK)], "encode_images")


def embed_texts(model: DualEncoder, ids: NDArray[np.int64]) -> Float32:
    """Unit vectors Float32[n, WIDTH] of token ids Int64[n, LENGTH]; the model's mode is left as it was."""
    return _embed(model, [torch.from_numpy(ids)] if len(ids) else [], "encode_texts")


def _embed(model: DualEncoder, chunks: list[Tensor], how: str) -> Float32:
    was = model.training
    model.eval()
    try:
        with torch.inference_mode():
            parts = [getattr(model, how)(chunk).numpy() for chunk in chunks]
    finally:
        model.train(was)
    return np.concatenate(parts) if parts else np.zeros((0, WIDTH), np.float32)


def held_out(model: DualEncoder, images: NDArray[np.uint8], ids: NDArray[np.int64]) -> Retrieval:
    """Retrieval among pictures UInt8[n, 48, 48, 3] and their captions Int64[n, LENGTH]."""
    return measure(embed_images(model, images) @ embed_texts(model, ids).T)


def save(model: DualEncoder, path: Path) -> None:
    """Write the weights as safetensors."""
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, path)


def load(path: Path = WEIGHTS) -> DualEncoder:
    """The trained model in evaluation mode, a new instance each time. Raises WeightsError."""
    model = DualEncoder()
    try:
        model.load_state_dict(load_file(path))
    except Exception as error:  # safetensors raises its own kinds, torch RuntimeError for shapes
        raise WeightsError("alignment-weights", {"file": path.name}) from error
    return model.eval()


def about() -> dict[str, object]:
    """How the shipped model was made and what it scores (assets/alignment/about.json)."""
    table: dict[str, object] = json.loads(ABOUT.read_text("utf-8"))
    return table
