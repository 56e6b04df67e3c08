"""Contradictions as data: each side stands in its answer, refers to notes that exist, is written in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from opencc import OpenCC

from study import contradictions, document, english, markdown, notes, passages
from study.contradictions import Contradiction

ALL = contradictions.load()
QUESTIONS = sorted({side.question for found in ALL for side in found.sides})

# Words of the mainland that a text of ours must not use; those quoted in 「」 are the document's.
MAINLAND = (
    "數據|質量|內存|視頻|音頻|圖像|網絡|硬件|軟件|(?<!演)算法|概率|信息|用戶|優化|掩碼|默認|推理|文本|反饋|字符|代碼"
)


def by_id(found: Contradiction) -> str:
    return found.id


def test_all_that_were_found_are_there() -> None:
    assert [found.id for found in ALL] == [f"C{number:02}" for number in range(1, 13)]


@pytest.mark.parametrize("found", ALL, ids=by_id)
def test_every_side_stands_in_its_answer(found: Contradiction) -> None:
    for side in found.sides:
        assert document.load().question(side.question).body.count(side.phrase) >= side.occurrence


# About Chinese names, which an English summary cannot repeat.
ONLY_IN_CHINESE = {"C09", "C10", "C11"}


@pytest.mark.parametrize("found", ALL, ids=by_id)
def test_every_side_is_read_once_in_the_english_summary(found: Contradiction) -> None:
    assert len(found.english) == len(found.sides)
    assert all(bool(words) == (found.id not in ONLY_IN_CHINESE) for words in found.english)
    for side, words in zip(found.sides, found.english, strict=True):
        assert not words or english.of_question(side.question).summary.count(words) == 1
        assert not re.search(r"[\u4e00-\u9fff]", words)


@pytest.mark.parametrize("question", QUESTIONS)
def test_sides_and_notes_mark_an_answer_together(question: str) -> None:
    sides = [
        phrase for found in contradictions.of_question(question) for phrase in contradictions.phrases(found, question)
    ]
    noted = [phrase for note in notes.of_question(question) for phrase in notes.phrases(note, question)]
    html = passages.annotate(markdown.to_html(document.load().question(question).body), [*noted, *sides])
    for found in contradictions.of_question(question):
        here = [side for side in found.sides if side.question == question]
        assert html.count(f'<span class="contradiction" data-bind="{found.id}" role="button"') == len(here)


@pytest.mark.parametrize("found", ALL, ids=by_id)
def test_the_notes_it_names_are_on_what_it_contradicts(found: Contradiction) -> None:
    assert found.notes or found.sources
    for name in found.notes:
        note = notes.find(name)
        assert {place.question for place in note.places} & {side.question for side in found.sides}
    assert all(source.ref.startswith("https://") for source in found.sources)


@pytest.mark.parametrize("found", ALL, ids=by_id)
def test_the_side_that_holds_is_not_what_a_note_finds_wrong(found: Contradiction) -> None:
    noted = [notes.find(name).places[0] for name in found.notes]
    wrong = {side for side in found.sides if any(_shares(side, place) for place in noted)}
    assert found.right not in wrong
    assert found.right is None or wrong


def _shares(side: notes.Place, place: notes.Place) -> bool:
    return side.question == place.question and (side.phrase in place.phrase or place.phrase in side.phrase)


@pytest.mark.parametrize("found", ALL, ids=by_id)
def test_a_side_leads_to_what_it_contradicts(found: Contradiction) -> None:
    first, *others = found.sides
    assert found.against(first) == tuple(others)
    assert all(found.against(other) == (first,) for other in others)


@pytest.mark.parametrize("found", ALL, ids=by_id)
def test_it_is_short_and_each_language_is_itself(found: Contradiction) -> None:
    english, chinese = found.text("en"), found.text("zh-Hant")
    assert len(english.holds.split()) <= 60
    assert len("".join(chinese.holds.split())) <= 120
    assert len(english.topic.split()) <= 8
    for words in (english.topic, english.holds):
        assert len(re.findall(r"[\u4e00-\u9fff]", words)) * 4 < len(words)
    assert english.holds.endswith(".") and chinese.holds.endswith("。")
    for words in (chinese.topic, chinese.holds):
        assert re.search(r"[\u4e00-\u9fff]", words)
        assert not re.search(r"[\u4e00-\u9fff][,;:?!]", words)
        assert not re.findall(MAINLAND, re.sub("「[^」]*」", "", words))
        either_way = str.maketrans("臺裏羣着爲衆纔佔佈", "台裡群著為眾才占布")
        assert OpenCC("s2t").convert(words).translate(either_way) == words.translate(either_way)


def test_one_is_found_by_id_and_by_question() -> None:
    found = contradictions.find("C05")
    assert [side.question for side in found.sides] == ["A7", "B31", "B33"]
    assert found.right == found.sides[0]
    assert all(found in contradictions.of_question(side.question) for side in found.sides)
    assert contradictions.of_question("B56") == ()
    with pytest.raises(contradictions.UnknownContradictionError, match="C99"):
        contradictions.find("C99")


GOOD = """
[[contradiction]]
id = "C01"
sides = [{ question = "A1", phrase = "p", en = "e" }, { question = "A2", phrase = "q", occurrence = 2 }]
right = 2
notes = ["E07"]
sources = [{ title = "t", ref = "https://arxiv.org/abs/1706.03762" }]
[contradiction.en]
topic = "t"
holds = "h"
[contradiction.zh-Hant]
topic = "t"
holds = "h"
"""


def test_all_fields_are_read(tmp_path: Path) -> None:
    path = tmp_path / "some.toml"
    path.write_text(GOOD, encoding="utf-8")
    (found,) = contradictions.load(path)
    assert found.sides == (notes.Place("A1", "p"), notes.Place("A2", "q", 2))
    assert found.english == ("e", "")
    assert found.right == found.sides[1]
    assert (found.notes, found.sources) == (("E07",), (notes.Source("t", "https://arxiv.org/abs/1706.03762"),))
    assert found.text("en") == contradictions.Text("t", "h")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1", r"some\.toml: expected \[\[contradiction\]\]"),
        (GOOD + GOOD, "contradiction C01: stands after C01"),
        (GOOD.replace("C01", "E01"), "contradiction E01: an id"),
        (GOOD.replace("right = 2", "right = 3"), "contradiction C01: right"),
        (GOOD.replace("right = 2", "right = 0"), "contradiction C01: right"),
        (GOOD.replace("right = 2", "right = true"), "contradiction C01: right"),
        (GOOD.replace("right = 2", "wrong = 1"), "contradiction C01: unknown field 'wrong'"),
        (GOOD.replace(', { question = "A2", phrase = "q", occurrence = 2 }', ""), "C01: it has two sides"),
        (
            GOOD.replace('{ question = "A2", phrase = "q", occurrence = 2 }', '{ question = "A1", phrase = "p" }'),
            "C01: it has two sides",
        ),
        (GOOD.replace('en = "e"', 'en = ""'), "contradiction C01: en"),
        (GOOD.replace("occurrence", "times"), "contradiction C01: unknown field 'times'"),
        (GOOD.replace('notes = ["E07"]\n', "").replace(GOOD.split("\n")[6] + "\n", ""), "C01: it names a note"),
        (GOOD.replace("1706.03762", "1706.3"), "contradiction C01: .* is no address of arxiv.org"),
        (GOOD.replace('holds = "h"', 'holds = ""', 1), "contradiction C01, en: holds"),
        (GOOD.replace("[contradiction.zh-Hant]", "[contradiction.zh]"), "contradiction C01: unknown field 'zh'"),
        (GOOD[: GOOD.index("[contradiction.zh-Hant]")], "contradiction C01, zh-Hant: expected a table"),
    ],
)
def test_a_slip_in_the_file_names_the_contradiction(source: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "some.toml"
    path.write_text(source, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        contradictions.load(path)
