"""What a masked language model puts in place of a masked token: the k likeliest vocabulary entries.

BERT is trained to fill such gaps (Devlin et al. 2019, arXiv:1810.04805, section 3.1, task 1). Only a checkpoint
that kept the head of that task can do it: one that was tuned for sentence similarity, such as the bundled
all-MiniLM-L6-v2, has thrown it away, and then there is nothing honest to show.
"""

from __future__ import annotations

from dataclasses import dataclass

from explainers.attention.cutting import Pieces, shown, split
from explainers.errors import ExplainerError
from explainers.models import LoadedEncoder, ModelSource, load_encoder

MASK = "[MASK]"
"""What a reader types for a gap, whatever the model itself calls it (RoBERTa: "<mask>")."""

MAX_GUESSES = 50


class GuessError(ExplainerError):
    """Why there are no guesses.

    Code "no-mlm-head": the checkpoint has no masked-LM head; details "location", "family". "no-mask-token": the
    tokenizer has none. "no-mask": the text has no gap. "guess-too-long": the text has more tokens than the model
    takes; details "asked", "max". "guess-count": k is not in 1..MAX_GUESSES; details "asked", "max".
    """


@dataclass(frozen=True)
class Guess:
    """One vocabulary entry for a gap: its spelling `piece`, the same as readable `text` (never a U+FFFD), and
    `probability`.
    """

    piece: str
    id: int
    text: str
    probability: float


@dataclass(frozen=True)
class Gap:
    """One masked token: its `index` among the tokens ([CLS] is 0), and the likeliest `guesses`, best first."""

    index: int
    guesses: tuple[Guess, ...]


def top_k_masked(source: ModelSource, text: str, k: int = 10) -> tuple[Gap, ...]:
    """The `k` likeliest entries for each gap of `text`, from left to right.

    A gap is "[MASK]" or the model's own mask token. Probabilities are the softmax over the whole vocabulary.
    Raises GuessError, ModelUnavailableError.
    """
    import torch

    if not 1 <= k <= MAX_GUESSES:
        raise GuessError("guess-count", {"asked": str(k), "max": str(MAX_GUESSES)})
    loaded = load_encoder(source)
    if loaded.masked_lm is None:
        raise GuessError("no-mlm-head", {"location": source.location, "family": loaded.family})
    tokenizer = loaded.tokenizer
    if tokenizer.mask_token_id is None:
        raise GuessError("no-mask-token")
    pieces = _pieces(loaded, text)
    ids = torch.tensor([[tokenizer.cls_token_id, *pieces.ids, tokenizer.sep_token_id]])
    places = (ids[0] == tokenizer.mask_token_id).nonzero()[:, 0]
    if not len(places):
        raise GuessError("no-mask")
    with torch.inference_mode():
        logits = loaded.masked_lm(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0, places]
        best = logits.softmax(dim=-1).topk(min(k, logits.shape[-1]), dim=-1)
    return tuple(
        Gap(int(place), tuple(_guess(loaded, int(number), float(chance)) for number, chance in zip(*row, strict=True)))
        for place, row in zip(places, zip(best.indices, best.values, strict=True), strict=True)
    )


def _pieces(loaded: LoadedEncoder, text: str) -> Pieces:
    pieces = split(loaded.tokenizer, text.replace(MASK, str(loaded.tokenizer.mask_token)), loaded.max_positions)
    if len(pieces.ids) + 2 > loaded.max_positions:
        # A text cut short might lose its gap, and a guess without the rest of the sentence is another question.
        raise GuessError("guess-too-long", {"asked": str(len(pieces.ids) + 2), "max": str(loaded.max_positions)})
    return pieces


def _guess(loaded: LoadedEncoder, number: int, probability: float) -> Guess:
    piece = str(loaded.tokenizer.convert_ids_to_tokens(number) or "")
    # A byte-level vocabulary has pieces of a character, whose text would be U+FFFD: they keep their spelling.
    text = shown(loaded.tokenizer.convert_tokens_to_string([piece])).strip() if piece else ""
    return Guess(piece, number, text or piece, probability)
