"""Taking something away and looking at what changes: a token masked, heads switched off.

Attention weights say where a head looks, not what the model does with it (Jain & Wallace 2019, arXiv:1902.10186);
an intervention does. Heads are switched off as in Michel et al. 2019, "Are Sixteen Heads Really Better than One?"
(arXiv:1905.10650); what moves is measured on the sentence vector, the mean of the last layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from explainers.attention.cutting import split
from explainers.attention.rerun import blocks, gating, rerun
from explainers.attention.trace import AttentionTrace, EmptyTextError, Float32, ForwardPass, TokenLimitError, trace
from explainers.errors import ExplainerError
from explainers.models import BUNDLED_BERT, ModelSource, load_encoder
from explainers.progress import Report, silent

BANK_BATCH = 16
"""Sentences that `sentence_bank` runs at a time."""

BATCH_BYTES = 16 * 2**20
"""Attention weights of one layer that `every_head` holds at a time: more is not faster, and reports would be rare."""


class AblationError(ExplainerError):
    """Something that cannot be taken away.

    Code "no-such-token": details "index", "tokens". "special-token": the token is a separator, which the model
    needs where it is; details "index". "no-mask-token": the tokenizer has none. "no-such-head": details "layer",
    "head" (from 0), "layers", "heads".
    """


@dataclass(frozen=True, eq=False)
class Ablation:
    """What was left after taking something away. Arrays are read-only.

    `trace`: the run with it taken away, on the original tokens. `cosine`: of its sentence vector with the
    original's, 1 when nothing moved. `token_change`: Float32[token], 1 minus the cosine of each token's last
    vector with the original's, in [0, 2].
    """

    trace: AttentionTrace
    cosine: float
    token_change: Float32


@dataclass(frozen=True, eq=False)
class SentenceBank:
    """Sentences to be neighbours of: `vectors`, Float32[sentence, hidden], each of length 1, read-only."""

    sentences: tuple[str, ...]
    vectors: Float32


@dataclass(frozen=True)
class Neighbour:
    """A sentence of the bank, its `index` there, and its `cosine` with what was asked for."""

    index: int
    sentence: str
    cosine: float


@dataclass(frozen=True)
class NeighbourChange:
    """The nearest sentences `before` and `after`, nearest first, and which of them came and went."""

    before: tuple[Neighbour, ...]
    after: tuple[Neighbour, ...]
    gained: tuple[Neighbour, ...]
    lost: tuple[Neighbour, ...]


def mask_token(a: str, b: str, index: int, *, max_tokens: int = 128, source: ModelSource = BUNDLED_BERT) -> Ablation:
    """Run `a`, `b` again with the token at `index` replaced by the model's mask token.

    The tokens of the answer are the original ones, except that one: its `piece` and `id` are the mask's.
    Raises AblationError and what `trace` raises.
    """
    plain = trace(a, b, max_tokens=max_tokens, source=source)
    if not 0 <= index < len(plain.tokens):
        raise AblationError("no-such-token", {"index": str(index), "tokens": str(len(plain.tokens))})
    chosen = plain.tokens[index]
    if chosen.special:
        raise AblationError("special-token", {"index": str(index)})
    loaded = load_encoder(source)
    if loaded.tokenizer.mask_token_id is None:
        raise AblationError("no-mask-token")
    masked = replace(chosen, piece=str(loaded.tokenizer.mask_token), id=int(loaded.tokenizer.mask_token_id))
    tokens = (*plain.tokens[:index], masked, *plain.tokens[index + 1 :])
    return _compare(replace(plain, tokens=tokens), plain, rerun(loaded, tokens))


def switch_off(
    a: str,
    b: str,
    heads: AbstractSet[tuple[int, int]],
    *,
    max_tokens: int = 128,
    source: ModelSource = BUNDLED_BERT,
) -> Ablation:
    """Run `a`, `b` again with the outputs of `heads`, pairs (layer, head) from 0, set to 0.

    The attention of a head that is off is still shown: it is computed, and then thrown away. Raises
    AblationError and what `trace` raises.
    """
    plain = trace(a, b, max_tokens=max_tokens, source=source)
    factors = np.ones((plain.layers, plain.heads), dtype=np.float32)
    for layer, head in heads:
        if not (0 <= layer < plain.layers and 0 <= head < plain.heads):
            place = {"layer": str(layer), "head": str(head)}
            raise AblationError("no-such-head", {**place, "layers": str(plain.layers), "heads": str(plain.heads)})
        factors[layer, head] = 0
    return _compare(plain, plain, rerun(load_encoder(source), plain.tokens, factors=factors))


def every_head(
    a: str,
    b: str = "",
    *,
    max_tokens: int = 128,
    source: ModelSource = BUNDLED_BERT,
    report: Report = silent,
) -> Float32:
    """The cosine of the sentence vector with the original's when each head alone is switched off.

    Returns Float32[layer, head], read-only; `report` gets the same so far, nan where it is not known yet. What a
    layer reads does not depend on its own heads, so each layer's heads start from the trace's vectors there.
    Raises what `trace` raises.
    """
    import torch

    plain = trace(a, b, max_tokens=max_tokens, source=source)
    loaded = load_encoder(source)
    layers = blocks(loaded)
    at_once = max(1, BATCH_BYTES // plain.attention[0].nbytes)
    cosines = np.full((plain.layers, plain.heads), np.nan, dtype=np.float32)
    # A head in layer l costs the layers from l on.
    cost = plain.heads * plain.layers * (plain.layers + 1) / 2
    done = 0.0
    with torch.inference_mode():
        for layer in range(plain.layers):
            read = torch.tensor(plain.hidden[layer])
            for first in range(0, plain.heads, at_once):
                report(done / cost, cosines.copy())
                off = torch.arange(first, min(first + at_once, plain.heads))
                factors = torch.ones(len(off), plain.layers, plain.heads)
                factors[torch.arange(len(off)), layer, off] = 0
                vectors = read.expand(len(off), -1, -1)
                with gating(loaded, factors, layer):
                    for block in layers[layer:]:
                        vectors = block(vectors, None)
                means = vectors.mean(dim=1).double().numpy()
                cosines[layer, first : first + len(off)] = _cosines(means, plain.sentence_vector)
                done += len(off) * (plain.layers - layer)
    cosines.setflags(write=False)
    return cosines


def sentence_bank(
    sentences: Sequence[str], *, max_tokens: int = 128, source: ModelSource = BUNDLED_BERT
) -> SentenceBank:
    """The sentence vector of each of `sentences`, as `trace` gives it, without keeping their attention.

    Raises EmptyTextError for a sentence without a token, TokenLimitError, ModelUnavailableError.
    """
    import torch

    loaded = load_encoder(source)
    if not 3 <= max_tokens <= loaded.max_positions:
        limits = {"asked": str(max_tokens), "min": "3", "max": str(loaded.max_positions)}
        raise TokenLimitError("token-limit", limits)
    read = [split(loaded.tokenizer, sentence, max_tokens).first(max_tokens - 2).ids for sentence in sentences]
    if not all(read):
        raise EmptyTextError("empty")
    vectors = np.empty((len(sentences), loaded.hidden), dtype=np.float32)
    with torch.inference_mode():
        # Sentences of one length go together: nothing is padded, so each gets the numbers it gets alone.
        for length in sorted({len(ids) for ids in read}):
            rows = [row for row, ids in enumerate(read) if len(ids) == length]
            for some in (rows[first : first + BANK_BATCH] for first in range(0, len(rows), BANK_BATCH)):
                whole = [[loaded.tokenizer.cls_token_id, *read[row], loaded.tokenizer.sep_token_id] for row in some]
                ids = torch.tensor(whole)
                last = loaded.model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
                vectors[some] = torch.nn.functional.normalize(last.mean(dim=1), dim=-1).numpy()
    vectors.setflags(write=False)
    return SentenceBank(tuple(sentences), vectors)


def neighbours(vector: Float32, bank: SentenceBank, count: int = 5) -> tuple[Neighbour, ...]:
    """The `count` sentences of `bank` nearest to `vector`, Float32[hidden], by cosine, nearest first."""
    cosines = _cosines(bank.vectors.astype(np.float64), vector)
    order = np.argsort(-cosines, kind="stable")[: max(0, count)]
    return tuple(Neighbour(int(place), bank.sentences[place], float(cosines[place])) for place in order)


def neighbour_change(before: Float32, after: Float32, bank: SentenceBank, count: int = 5) -> NeighbourChange:
    """Which of the `count` nearest sentences come and go when a vector moves from `before` to `after`."""
    old, new = neighbours(before, bank, count), neighbours(after, bank, count)
    old_places, new_places = {near.index for near in old}, {near.index for near in new}
    return NeighbourChange(
        before=old,
        after=new,
        gained=tuple(near for near in new if near.index not in old_places),
        lost=tuple(near for near in old if near.index not in new_places),
    )


def _compare(tokens_of: AttentionTrace, before: AttentionTrace, after: ForwardPass) -> Ablation:
    left = replace(tokens_of, attention=after.attention, hidden=after.hidden, sentence_vector=after.sentence_vector)
    old, new = before.hidden[-1].astype(np.float64), after.hidden[-1].astype(np.float64)
    lengths = np.linalg.norm(old, axis=-1) * np.linalg.norm(new, axis=-1)
    change = (1 - (old * new).sum(axis=-1) / lengths).clip(0, 2).astype(np.float32)
    change.setflags(write=False)
    (cosine,) = _cosines(after.sentence_vector[None].astype(np.float64), before.sentence_vector)
    return Ablation(trace=left, cosine=float(cosine), token_change=change)


def _cosines(rows: npt.NDArray[np.float64], vector: Float32) -> npt.NDArray[np.float64]:
    """The cosine of each of Float[row, hidden] with Float[hidden], in [-1, 1]."""
    one = vector.astype(np.float64)
    lengths = np.linalg.norm(rows, axis=-1) * np.linalg.norm(one)
    cosines: npt.NDArray[np.float64] = (rows @ one / lengths).clip(-1, 1)
    return cosines
