"""A reader's own pairs through the small shipped encoder, which was raised on rendered scenes and 26 words alone.

It takes any picture and reads any text that has one of its words, and says which words it never saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explainers.alignment import captions, encoder, scenes
from explainers.alignment.batch import Batch, shipped
from explainers.alignment.clip import SHOWN_SIDE, check_pairs
from explainers.alignment.pictures import Picture, squared


@dataclass(frozen=True, eq=False)
class Own:
    """The pairs, and what the encoder made of the texts. unknown: words without a token, in order. cut: numbers of the
    texts, from 1, of which only the beginning is read."""

    batch: Batch
    unknown: tuple[str, ...]
    cut: tuple[int, ...]


def embed(pictures: Sequence[Picture], texts: Sequence[str]) -> Own:
    """Pairs through the small encoder. Raises BatchError, and CaptionError where a text has no word that it knows."""
    check_pairs(pictures, texts)
    read = [captions.read(text) for text in texts]
    model = shipped()
    small = np.stack([squared(one, scenes.SIDE) for one in pictures])
    vectors = encoder.embed_texts(model, np.stack([one.ids for one in read]))
    shown = np.stack([squared(one, SHOWN_SIDE) for one in pictures])
    batch = Batch(shown, tuple(texts), encoder.embed_images(model, small), vectors, float(model.scale.item()))
    unknown = tuple(dict.fromkeys(word for one in read for word in one.unknown))
    return Own(batch, unknown, tuple(place + 1 for place, one in enumerate(read) if one.cut))
