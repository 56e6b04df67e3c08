"""The two languages of the product and the texts a reader sees.

Every text lives in `assets/locales/<language>/`, a file per page and one for the house, keyed by dotted names; this
module only looks keys up and fills in values. It knows no Streamlit, so tests and command-line tools can use it.
"""

from __future__ import annotations

import functools
import string
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

LOCALES = Path(__file__).resolve().parent.parent / "assets" / "locales"
LANGUAGES = ("zh-Hant", "en")


class MissingTextError(KeyError):
    """A key that no locale file holds: a mistake in the code, found by the tests."""


@dataclass(frozen=True)
class Language:
    """One language: `language("page.title", n=3)` gives the text with its values filled in."""

    code: str
    texts: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """Text of `key`; `{name}` fields are replaced by `values`. Raises MissingTextError for an unknown key."""
        try:
            text = self.texts[key]
        except KeyError as error:
            raise MissingTextError(f"no text {key!r} in {self.code}") from error
        return text.format(**values) if values else text

    def listed(self, names: Iterable[object]) -> str:
        """Names one after the other, as this language sets them apart."""
        return ("、" if self.code == "zh-Hant" else ", ").join(map(str, names))

    def group(self, prefix: str) -> dict[str, str]:
        """All texts under `prefix.`, keyed by the rest of their name: what a component's script needs."""
        start = prefix + "."
        return {key[len(start) :]: text for key, text in self.texts.items() if key.startswith(start)}


def flatten(table: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    """Nested tables of a locale file as dotted keys. Raises TypeError for a value that is no text."""
    flat: dict[str, str] = {}
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping):
            flat.update(flatten(value, key + "."))
        elif isinstance(value, str):
            flat[key] = value.strip()
        else:
            raise TypeError(f"{key} is {type(value).__name__}, not text")
    return flat


@functools.cache
def load(code: str) -> Language:
    """The language `code`, one of LANGUAGES. Raises ValueError for another, and where two files share a key."""
    if code not in LANGUAGES:
        raise ValueError(f"unknown language {code!r}")
    texts: dict[str, str] = {}
    for path in sorted((LOCALES / code).glob("*.toml")):
        part = flatten(tomllib.loads(path.read_text("utf-8")))
        if twice := texts.keys() & part.keys():
            raise ValueError(f"{path.name} repeats {sorted(twice)}")
        texts.update(part)
    return Language(code, texts)


def fields(text: str) -> frozenset[str]:
    """Names of the `{fields}` in a text; used to check that both languages take the same values."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


def guess(browser_locale: str | None) -> str:
    """First guess from what the browser says it speaks: any Chinese opens Traditional Chinese, all else English."""
    return "zh-Hant" if (browser_locale or "").lower().startswith("zh") else "en"
