"""The texts that are measured: one that fills all 128 positions of the model, and sentences of 20 tokens."""

from __future__ import annotations

LONG_TOKENS = 128
LONG_TEXT = (
    "the river runs past the small town where my father was born and every summer we walked along the water "
    "until the light was gone and the birds were quiet he told me about the war the long winter the white horse "
    "that came home alone and the girl who sang in the church on the hill we sat on the stone wall and ate bread "
    "and cheese while the train went by with people who looked out of the window and never saw us now the wall is "
    "gone and the train is fast and the people look at their phones but the river still runs past the small town "
    "and i still walk there when the summer is warm and the night is long"
)
"""126 common words, each one word piece; with [CLS] and [SEP] they fill the model's window."""

LENGTHS = (32, LONG_TOKENS, 512)
"""Tokens of the texts that the pictures are compared on."""


def text_of(tokens: int) -> str:
    """Common words that are `tokens` tokens with [CLS] and [SEP]: LONG_TEXT from its beginning, again and again."""
    words = LONG_TEXT.split()
    return " ".join(words[place % len(words)] for place in range(tokens - 2))


_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def short_text(number: int) -> str:
    """A sentence of 18 word pieces (20 tokens), another one for each number below 1,000: nothing remembered helps."""
    spelt = " ".join(_DIGITS[int(digit)] for digit in f"{number:03d}")
    return f"the {spelt} birds flew over the quiet lake while we slept in the warm house now"


def long_text(number: int) -> str:
    """A text of 512 tokens, another one for each number below 1,000."""
    return f"{short_text(number)} {text_of(LENGTHS[-1] - 18)}"
