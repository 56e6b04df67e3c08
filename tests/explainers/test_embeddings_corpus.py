"""What the shipped spaces learnt from: the entries of WordNet's files, and what an import costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pytest import MonkeyPatch

from tools import corpus

LICENCE = "  1 This software and database is being provided to you, the LICENSEE, by\n"
NOUN = (
    "00000001 03 n 01 entity 0 000 | that which exists  \n"
    "00000002 18 n 02 king 0 male_monarch 0 003 @ 00000001 n 0000 ! 00000003 n 0101 + 00000009 v 0101 "
    '| a male sovereign; "the king\'s horses and men"; "a king"  \n'
)
ADJECTIVE = "00000005 00 s 01 big(p) 0 001 & 00000006 a 0000 | of size  \n00000006 00 a 01 large 0 000 | great  \n"


def test_entries_of_wordnet(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    for part, text in (("noun", LICENCE + NOUN), ("verb", ""), ("adj", ADJECTIVE), ("adv", "")):
        (tmp_path / f"data.{part}").write_text(text, "utf-8")
    found = list(corpus.synsets(tmp_path))
    assert found[1] == (
        ["king", "male monarch"],
        ["entity"],
        'a male sovereign; "the king\'s horses and men"; "a king"',
    )
    assert found[2][:2] == (["big"], ["large"])
    monkeypatch.setattr(corpus, "wordnet_folder", lambda: tmp_path)
    sentences = list(corpus.wordnet())
    assert ["king", "male", "monarch", "entity", "a", "male", "sovereign"] in sentences
    assert ["the", "king", "horses", "and", "men"] in sentences  # examples of two words and less say nothing
    assert ["big", "large", "of", "size"] in sentences


def test_the_newspaper_has_words_only() -> None:
    first = next(corpus.newspaper())
    assert first == ["迈向", "充满", "希望", "的", "新", "世纪", "一九九八年", "新年", "讲话", "附", "图片", "张"]


def test_importing_the_package_imports_no_trainer() -> None:
    code = (
        "import sys\n"
        "from explainers.embeddings import analogies, downloads, files, glove, live, official, scores\n"
        "from explainers.embeddings import spaces, subwords\n"
        "spaces.shipped('fasttext').vector('kinglike')\n"
        "print(sorted({'gensim', 'numba', 'umap', 'scipy', 'streamlit', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"
