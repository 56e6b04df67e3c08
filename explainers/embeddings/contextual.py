"""One word in several sentences: a vector for each occurrence under an encoder, against one static vector.

A static space has one vector per word, so two occurrences have cosine 1 whatever stands around them. An encoder gives
each occurrence its own; how alike they are, layer by layer, is what Ethayarajh 2019 (arXiv:1909.00512) calls
self-similarity. An occurrence's vector is the mean of its word pieces' vectors; layer 0 is the sum of embeddings.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explainers.errors import ExplainerError
from explainers.models import BUNDLED_BERT, ModelSource, load_encoder

Float32 = npt.NDArray[np.float32]
MOST_SENTENCES = 24
MOST_CHARACTERS = 600  # of one sentence


@dataclass(frozen=True)
class Occurrence:
    """Where the word stands: its sentence (from 0), the characters it covers, the pieces it is read as."""

    sentence: int
    start: int
    end: int
    pieces: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Contexts:
    """All occurrences of one word.

    vectors: Float32[layer, occurrence, hidden], layer 0 the embeddings. cosines: of every two, Float32[layer,
    occurrence, occurrence]. missing: sentences (from 0) without the word. unknown: whether a piece of the word is
    outside the vocabulary.
    """

    word: str
    sentences: tuple[str, ...]
    occurrences: tuple[Occurrence, ...]
    vectors: Float32
    cosines: Float32
    missing: tuple[int, ...]
    unknown: bool

    @property
    def layers(self) -> int:
        """Layers of the encoder, the embeddings not counted."""
        return len(self.vectors) - 1

    def self_similarity(self, layer: int) -> float:
        """Mean cosine of two different occurrences at a layer."""
        n = len(self.occurrences)
        return float((self.cosines[layer].sum() - n) / max(1, n * (n - 1)))

    def plane(self, layer: int) -> Float32:
        """The occurrences in the plane of their two main directions (PCA), Float32[occurrence, 2]."""
        centred = self.vectors[layer] - self.vectors[layer].mean(axis=0)
        left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
        made = np.zeros((len(centred), 2), dtype=np.float32)
        wide = min(2, left.shape[1])
        made[:, :wide] = left[:, :wide] * sizes[:wide]
        return made


def lines(text: str) -> tuple[str, ...]:
    """The sentences of a text, one a line, empty lines left out.

    Raises ExplainerError: "context_too_many", "context_too_long".
    """
    found = tuple(line.strip() for line in text.splitlines() if line.strip())
    if len(found) > MOST_SENTENCES:
        raise ExplainerError("context_too_many", {"lines": str(len(found)), "most": str(MOST_SENTENCES)})
    for number, line in enumerate(found):
        if len(line) > MOST_CHARACTERS:
            details = {"line": str(number + 1), "characters": str(len(line)), "most": str(MOST_CHARACTERS)}
            raise ExplainerError("context_too_long", details)
    return found


def places(sentence: str, word: str) -> tuple[tuple[int, int], ...]:
    """Where the word stands in a sentence, as (start, end); letters may not touch it, ideographs may."""
    if not word:
        return ()
    found, at, text, wanted = [], 0, sentence.lower(), word.lower()
    if len(text) != len(sentence):  # a letter whose small form is longer: places would not fit
        text, wanted = sentence, word
    while (at := text.find(wanted, at)) >= 0:
        end = at + len(wanted)
        before, after = text[at - 1 : at], text[end : end + 1]
        if not (_joins(before) and _joins(wanted[0])) and not (_joins(after) and _joins(wanted[-1])):
            found.append((at, end))
        at = end
    return tuple(found)


def _joins(sign: str) -> bool:
    """Whether a character would make a longer word of its neighbour: a letter or digit that is no ideograph."""
    return bool(sign) and sign.isalnum() and not "\u3400" <= sign <= "\u9fff"


@functools.lru_cache(maxsize=16)
def contexts(sentences: tuple[str, ...], word: str, source: ModelSource = BUNDLED_BERT) -> Contexts:
    """Every occurrence of the word under the encoder.

    Raises ExplainerError("context_no_word") where fewer than two sentences' worth of it are found, and what
    `load_encoder` raises.
    """
    word = word.strip()
    spots = [(number, *place) for number, text in enumerate(sentences) for place in places(text, word)]
    if len(spots) < 2:
        raise ExplainerError("context_no_word", {"word": word, "found": str(len(spots))})
    encoder = load_encoder(source)
    states = {number: _read(sentences[number], source) for number in {spot[0] for spot in spots}}
    occurrences, columns = [], []
    for number, start, end in spots:
        hidden, offsets, pieces = states[number]
        held = [at for at, (first, last) in enumerate(offsets) if first < end and last > start and last > first]
        if held:
            occurrences.append(Occurrence(number, start, end, tuple(pieces[at] for at in held)))
            columns.append(hidden[:, held].mean(axis=1))
    if len(occurrences) < 2:  # the rest lies beyond what the model reads
        raise ExplainerError("context_no_word", {"word": word, "found": str(len(occurrences))})
    vectors = np.stack(columns, axis=1).astype(np.float32)
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=2, keepdims=True), 1e-12)
    with_word = {spot[0] for spot in spots}
    missing = tuple(number for number in range(len(sentences)) if number not in with_word)
    unknown = any(encoder.tokenizer.unk_token in one.pieces for one in occurrences)
    return Contexts(word, sentences, tuple(occurrences), vectors, unit @ unit.transpose(0, 2, 1), missing, unknown)


@functools.lru_cache(maxsize=64)
def _read(sentence: str, source: ModelSource) -> tuple[Float32, Sequence[tuple[int, int]], Sequence[str]]:
    """Hidden states Float32[layer, token, hidden], the characters of each token, and the tokens."""
    import torch

    encoder = load_encoder(source)
    batch = encoder.tokenizer(
        sentence, return_tensors="pt", return_offsets_mapping=True, truncation=True, max_length=encoder.max_positions
    )
    ids = batch["input_ids"]
    with torch.inference_mode():
        output = encoder.model(
            input_ids=ids,
            attention_mask=batch["attention_mask"],
            token_type_ids=torch.zeros_like(ids),
            output_hidden_states=True,
        )
    hidden = torch.stack(output.hidden_states)[:, 0].numpy()
    offsets = [(int(first), int(last)) for first, last in batch["offset_mapping"][0].tolist()]
    return hidden, offsets, encoder.tokenizer.convert_ids_to_tokens(ids[0].tolist())
