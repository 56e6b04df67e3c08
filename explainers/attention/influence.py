"""What a token does to the result: by the gradient through the attention weights, and by taking the token away.

Attention x gradient: the first-order effect of a weight, as in Hao et al. 2021, "Self-Attention Attribution"
(arXiv:2004.11207), and Chefer et al. 2021 (arXiv:2103.15679), here with its sign and without integrating. Leave one
out: Li et al. 2016, "Understanding Neural Networks through Representation Erasure" (arXiv:1612.08220). Both need the
model again: the gradient one forward pass and one backward, leaving one out a forward pass per token.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from explainers.attention.neuron import Float64
from explainers.attention.trace import AttentionTrace, Float32
from explainers.errors import ExplainerError
from explainers.models import BUNDLED_BERT, LoadedEncoder, ModelSource, load_encoder

if TYPE_CHECKING:
    import torch

BATCH_SQUARES = 2**16
"""Weights of one head that one batch may hold (sequences x tokens x tokens): 3 MB of attention for 12 heads. Larger
batches were not faster on one thread, and progress is told less often."""


class NoMaskTokenError(ExplainerError):
    """Code "no-mask-token": this model's vocabulary has no [MASK]."""


@dataclass(frozen=True, eq=False)
class AttentionXGradient:
    """Attention x gradient of one scalar, `value`, of a `target`: a token, or None for the sentence vector.

    Arrays are read-only. `matrix`: Float32[query, key], a * d value / d a summed over all heads of all layers:
    about how much `value` would fall if the query did not look at the key anywhere. `by_key`: Float64[key], its
    sum over queries. `by_head`: Float32[layer, head], the sum of absolute products in each head: where it happens.
    """

    target: int | None
    value: float
    matrix: Float32
    by_key: Float64
    by_head: Float32


@dataclass(frozen=True, eq=False)
class LeaveOneOut:
    """How far the result moves without a token: cosine distances in [0, 2], read-only.

    `by`: whether the token was replaced by [MASK], or removed so that the following ones move up. `sentence`:
    Float64[token], how far the sentence vector moves. `token`: Float64[target, token], how far the target's own
    vector in the last layer moves; nan where the target itself was removed.
    """

    by: Literal["mask", "remove"]
    sentence: Float64
    token: Float64


def attention_x_gradient(
    trace: AttentionTrace,
    *,
    target: int | None = None,
    towards: Float32 | None = None,
    source: ModelSource = BUNDLED_BERT,
) -> AttentionXGradient:
    """a * d value / d a for every weight a, where `value` says how strongly the target points in a direction.

    With x the mean of the last layer's vectors, or (`target`) one token's vector there: if `towards`,
    Float[hidden] such as a second text's sentence vector, is given, value = cosine(x, towards), their
    similarity. Without it, value = x . u with u the sentence vector held fixed. For the sentence itself that is
    the length of the mean vector (how far its tokens agree), whose gradient is the same; and the tokens' values
    average to the sentence's. (The cosine of a vector with itself would be 1 whatever it attends to.)
    The gradient treats each weight as free: it does not ask that rows still sum to 1.

    Raises IndexError for a target that does not exist, ValueError for a `towards` of another shape or without
    length, ModelUnavailableError.
    """
    if target is not None and not 0 <= target < len(trace.tokens):
        raise IndexError(target)
    if towards is not None and (towards.shape != trace.sentence_vector.shape or not np.linalg.norm(towards) > 0):
        raise ValueError(towards.shape)
    import torch

    model = load_encoder(source).model
    ids = torch.tensor([[token.id for token in trace.tokens]])
    segments = torch.tensor([[token.segment for token in trace.tokens]])
    with torch.enable_grad():
        # A leaf of our own: the graph is there whether or not the shared weights ask for gradients.
        words = model.get_input_embeddings()(ids).detach().requires_grad_()
        output = model(inputs_embeds=words, token_type_ids=segments, output_attentions=True)
        last = output.last_hidden_state[0]
        x = last.mean(dim=0) if target is None else last[target]
        if towards is None:
            value = x @ torch.tensor(trace.sentence_vector)
        else:
            value = torch.nn.functional.cosine_similarity(x, torch.tensor(towards, dtype=x.dtype), dim=0)
        gradients = torch.autograd.grad(value, output.attentions)
    return _summed(target, value.item(), [a.detach() * g for a, g in zip(output.attentions, gradients, strict=True)])


def _summed(target: int | None, value: float, products: list[torch.Tensor]) -> AttentionXGradient:
    """The sums over `products`, one [1, head, query, key] for each layer."""
    matrix = np.stack([product[0].sum(dim=0).numpy() for product in products]).sum(axis=0, dtype=np.float64)
    by_head: Float32 = np.stack([product[0].abs().sum(dim=(1, 2)).numpy() for product in products])
    by_key: Float64 = matrix.sum(axis=0)
    found = AttentionXGradient(target, value, matrix.astype(np.float32), by_key, by_head)
    for array in (found.matrix, found.by_key, found.by_head):
        array.setflags(write=False)
    return found


def leave_one_out(
    trace: AttentionTrace,
    *,
    by: Literal["mask", "remove"] = "remove",
    source: ModelSource = BUNDLED_BERT,
    progress: Callable[[float], None] | None = None,
) -> LeaveOneOut:
    """The distances by which the result moves without each token in turn, special tokens included.

    Runs the model on n sequences in batches, whose cost grows with the square of n, calling `progress` with the
    share done, up to 1, after each; an exception that it raises ends the work. After a removal the sequence is
    read as any other of its length: later tokens get a lower position, and without [CLS] another token stands
    first. A [MASK] keeps the positions, but is itself something to read: where a model was not trained on
    sentences with one (as the bundled one was tuned), every token's distance has the same large part in common.
    Raises NoMaskTokenError, ModelUnavailableError.
    """
    loaded = load_encoder(source)
    n = len(trace.tokens)
    if by == "mask" and loaded.tokenizer.mask_token_id is None:
        raise NoMaskTokenError("no-mask-token")
    ids = np.array([token.id for token in trace.tokens])
    segments = np.array([token.segment for token in trace.tokens])
    sentence, moved = np.empty(n), np.full((n, n), np.nan)
    step = max(1, BATCH_SQUARES // n**2)
    for first in range(0, n, step):
        left_out = np.arange(first, min(first + step, n))
        kept = np.array([[place for place in range(n) if by == "mask" or place != out] for out in left_out])
        some = ids[kept]
        if by == "mask":
            some[np.arange(len(left_out)), left_out] = loaded.tokenizer.mask_token_id
        last = _last_layer(loaded, some, segments[kept])
        sentence[left_out] = _distance(last.mean(axis=1), trace.sentence_vector)
        moved[kept, left_out[:, None]] = _distance(last, trace.hidden[-1][kept])
        if progress is not None:
            progress(int(left_out[-1] + 1) / n)
    sentence.setflags(write=False)
    moved.setflags(write=False)
    return LeaveOneOut(by, sentence, moved)


def _last_layer(loaded: LoadedEncoder, ids: npt.NDArray[np.int64], segments: npt.NDArray[np.int64]) -> Float32:
    """The last layer's vectors, Float32[sequence, token, hidden], of sequences equally long: nothing is padded."""
    import torch

    with torch.inference_mode():
        numbers = torch.tensor(ids)
        output = loaded.model(
            input_ids=numbers, token_type_ids=torch.tensor(segments), attention_mask=torch.ones_like(numbers)
        )
    last: Float32 = output.last_hidden_state.numpy()
    return last


def _distance(vectors: Float32, others: Float32) -> Float64:
    """1 - cosine along the last axis."""
    a, b = vectors.astype(np.float64), others.astype(np.float64)
    cosine = (a * b).sum(axis=-1) / (np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1))
    return np.asarray(1 - np.clip(cosine, -1, 1))
