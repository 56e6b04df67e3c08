"""Four ways to bring two modalities together, trained on the same features, and what noise on one of them does to each.

Early: the features side by side, then one network. Late: a network for each modality, whose probabilities are averaged.
Attention: a learned query weighs the two modalities anew for every example (Vaswani et al. 2017, arXiv:1706.03762, with
one query and two keys). Bilinear: products of projections of both (low-rank bilinear pooling, Kim et al. 2017,
arXiv:1610.04325, without its tanh). Overview: Baltrušaitis et al. 2019 (arXiv:1705.09406).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from explainers.progress import Report, silent

if TYPE_CHECKING:
    import torch

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]
Method = Literal["early", "late", "attention", "bilinear", "image", "text"]
FUSIONS: tuple[Method, ...] = ("early", "late", "attention", "bilinear")
METHODS: tuple[Method, ...] = (*FUSIONS, "image", "text")
WIDTH = 48
STEPS = 200
LEARNING_RATE = 0.01
DECAY = 0.01


@dataclass(frozen=True, eq=False)
class Features:
    """What the two encoders say of n examples: image Float32[n, d], text Float32[n, e]."""

    image: Float32
    text: Float32

    def rows(self, index: Int | slice) -> Features:
        return Features(self.image[index], self.text[index])


@dataclass(frozen=True, eq=False)
class Graceful:
    """How each method fares as noise grows. M methods, S seeds, L levels.

    accuracy: Float64[M, S, L] on the test examples. attention: Float64[S, L], the mean weight that the attention gives
    to the picture, 0 to 1.
    """

    methods: tuple[Method, ...]
    levels: tuple[float, ...]
    accuracy: Float64
    attention: Float64


def _normal(rows: int, columns: int, random: np.random.Generator) -> torch.Tensor:
    import torch

    drawn = random.standard_normal((rows, columns)) * np.sqrt(2 / (rows + columns))
    return torch.tensor(drawn, dtype=torch.float32, requires_grad=True)


class Head:
    """A fusion network: what is trained, and log-probabilities[n, classes] for features of both modalities."""

    def __init__(self, method: Method, image: int, text: int, classes: int, seed: int, width: int = WIDTH) -> None:
        import torch

        random = np.random.default_rng([seed, METHODS.index(method)])
        sizes: dict[str, tuple[int, int]] = {}
        if method == "early":
            sizes = {"in": (image + text, width), "out": (width, classes)}
        if method in ("late", "image"):
            sizes |= {"image_in": (image, width), "image_out": (width, classes)}
        if method in ("late", "text"):
            sizes |= {"text_in": (text, width), "text_out": (width, classes)}
        if method == "attention":
            sizes = {"query": (1, width), "image_key": (image, width), "text_key": (text, width)}
            sizes |= {"image_value": (image, width), "text_value": (text, width), "out": (width, classes)}
        if method == "bilinear":
            sizes = {"image_in": (image, width), "text_in": (text, width), "out": (width, classes)}
        self.method = method
        self.weights = {name: _normal(*size, random) for name, size in sizes.items()}
        self.biases = {
            name: torch.zeros(columns, requires_grad=True) for name, (_, columns) in sizes.items() if name != "query"
        }

    @property
    def parameters(self) -> list[torch.Tensor]:
        return [*self.weights.values(), *self.biases.values()]

    def _layer(self, name: str, x: torch.Tensor) -> torch.Tensor:
        return x @ self.weights[name] + self.biases[name]

    def _alone(self, name: str, x: torch.Tensor) -> torch.Tensor:
        import torch

        return torch.log_softmax(self._layer(f"{name}_out", torch.relu(self._layer(f"{name}_in", x))), dim=1)

    def attention(self, image: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
        """Weights of picture and text for each example, [n, 2]; each row sums to 1."""
        import torch

        query = self.weights["query"][0]
        scores = torch.stack([self._layer("image_key", image) @ query, self._layer("text_key", text) @ query], dim=1)
        return torch.softmax(scores / len(query) ** 0.5, dim=1)

    def __call__(self, image: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
        import torch

        if self.method == "early":
            joined = torch.relu(self._layer("in", torch.cat([image, text], dim=1)))
        elif self.method == "late":
            both = torch.stack([self._alone("image", image), self._alone("text", text)])
            return torch.logsumexp(both, dim=0) - float(np.log(2))  # the log of the mean of the probabilities
        elif self.method == "attention":
            values = torch.stack([self._layer("image_value", image), self._layer("text_value", text)], dim=1)
            joined = torch.relu((self.attention(image, text)[:, :, None] * values).sum(dim=1))
        elif self.method == "bilinear":
            joined = self._layer("image_in", image) * self._layer("text_in", text)
        else:
            return self._alone(self.method, image if self.method == "image" else text)
        return torch.log_softmax(self._layer("out", joined), dim=1)


def train(method: Method, features: Features, labels: Int, classes: int, seed: int, steps: int = STEPS) -> Head:
    """Train one head on all examples at once by AdamW. The late head learns each modality on its own."""
    import torch

    head = Head(method, features.image.shape[1], features.text.shape[1], classes, seed)
    image, text = torch.tensor(features.image), torch.tensor(features.text)
    target = torch.tensor(labels)
    optimiser = torch.optim.AdamW(head.parameters, lr=LEARNING_RATE, weight_decay=DECAY)
    for _ in range(steps):
        if method == "late":
            loss = sum(
                (torch.nn.functional.nll_loss(head._alone(name, x), target) for name, x in _sides(image, text)),
                torch.zeros(()),
            )
        else:
            loss = torch.nn.functional.nll_loss(head(image, text), target)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return head


def _sides(image: torch.Tensor, text: torch.Tensor) -> tuple[tuple[str, torch.Tensor], ...]:
    return ("image", image), ("text", text)


def accuracy(head: Head, features: Features, labels: Int) -> float:
    """Share of examples whose most probable class is the right one."""
    import torch

    with torch.no_grad():
        said = head(torch.tensor(features.image), torch.tensor(features.text)).argmax(dim=1).numpy()
    return float((said == labels).mean())


def degrade(
    learn: Features,
    learn_labels: Int,
    tests: Sequence[Features],
    test_labels: Int,
    levels: Sequence[float],
    *,
    seeds: int = 5,
    first: int = 0,
    steps: int = STEPS,
    report: Report = silent,
) -> Graceful:
    """Train every method with every seed on `learn` and measure it on the test examples at each noise level.

    tests: the same test examples once for each level. The seeds are `first` and those after it; each learns from
    another nine tenths of `learn`.
    """
    import torch

    classes = int(learn_labels.max()) + 1
    found = np.zeros((len(METHODS), seeds, len(levels)))
    weight = np.zeros((seeds, len(levels)))
    for turn in range(seeds):
        seed = first + turn
        kept = np.random.default_rng([seed, 11]).permutation(len(learn_labels))[: int(0.9 * len(learn_labels))]
        for place, method in enumerate(METHODS):
            report((turn * len(METHODS) + place) / (seeds * len(METHODS)), None)
            head = train(method, learn.rows(kept), learn_labels[kept], classes, seed, steps)
            found[place, turn] = [accuracy(head, test, test_labels) for test in tests]
            if method == "attention":
                with torch.no_grad():
                    given = [head.attention(torch.tensor(t.image), torch.tensor(t.text)) for t in tests]
                weight[turn] = [float(one[:, 0].mean()) for one in given]
    return Graceful(METHODS, tuple(levels), found, weight)
