"""The notes as data: each stands on words of the document, names sources, is written whole in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import numpy as np
import pytest
from opencc import OpenCC

from study import bindings, catalogue, document, markdown, notes, passages
from ui import controls

NOTES = notes.load()
CORE = tuple(note for note in NOTES if note.core)
QUESTIONS = sorted({place.question for note in NOTES for place in note.places})

# Findings of the fact-check that did not hold when their sources were looked up, with the reason. None so far.
DROPPED: dict[str, str] = {}

# Words of the document that its glossary glosses, and a few of their kind; those also used in Taiwan are left out.
MAINLAND = (
    "數據|質量|內存|視頻|音頻|圖像|網絡|硬件|軟件|(?<!演)算法|概率|信息|用戶|優化|健壯|魯棒|掩碼|調參|集群|默認|緩存|加載|界面|推理"
    "|物體檢測|目標檢測|動態時間規劃|活躍學習|增強學習|標籤函數|鼠標|屏幕|打印|文本|反饋|字符|代碼|批量|自動化標註"
)
QUOTED = re.compile("「[^」]*」")


def by_id(note: notes.Note) -> str:
    return note.id


def test_every_core_finding_is_there_or_dropped_with_a_reason() -> None:
    expected = [f"E{number:02}" for number in range(1, 61)]
    assert [note.id for note in CORE] == [name for name in expected if name not in DROPPED]
    assert all(DROPPED.values())


@pytest.mark.parametrize("note", NOTES, ids=by_id)
def test_every_phrase_stands_in_its_answer(note: notes.Note) -> None:
    for place in note.places:
        body = document.load().question(place.question).body
        assert body.count(place.phrase) >= place.occurrence
    assert len(set(note.places)) == len(note.places)


@pytest.mark.parametrize("question", QUESTIONS)
def test_notes_and_bound_words_mark_an_answer_together(question: str) -> None:
    bound = [
        binding.to_phrase()
        for concept in catalogue.load().concepts
        for binding in bindings.for_question(concept.page, question)
    ]
    marked = [phrase for note in notes.of_question(question) for phrase in notes.phrases(note, question)]
    html = passages.annotate(markdown.to_html(document.load().question(question).body), [*bound, *marked])
    assert html.count('role="button"') == len(bound) + len(marked)
    for note in notes.of_question(question):
        # Each place must be the words themselves, whatever tags stand in between.
        handles = re.findall(rf'<span class="note" data-bind="{note.id}" role="button"', html)
        assert len(handles) == len([place for place in note.places if place.question == question])


@pytest.mark.parametrize("note", NOTES, ids=by_id)
def test_every_source_is_an_address(note: notes.Note) -> None:
    assert note.sources
    assert len({source.ref for source in note.sources}) == len(note.sources)
    for source in note.sources:
        parts = urlsplit(source.ref)
        assert (parts.scheme, parts.username, parts.port) == ("https", None, None)
        assert parts.hostname and "." in parts.hostname and " " not in source.ref
        if parts.hostname == "arxiv.org":
            assert re.fullmatch(r"/abs/\d{4}\.\d{4,5}", parts.path)
        if parts.hostname == "doi.org":
            assert re.fullmatch(r"/10\.\d{4,9}/\S+", parts.path)


def test_core_notes_were_checked() -> None:
    assert all(note.checked for note in CORE)


@pytest.mark.parametrize("note", [note for note in NOTES if note.show], ids=by_id)
def test_what_a_note_shows_is_a_state_of_a_page(note: notes.Note) -> None:
    assert note.show
    assert note.show.page in {concept.page for concept in catalogue.load().concepts}
    table = controls.load(note.show.page)
    values, refused = table.read(note.show.query)
    assert not refused
    assert set(note.show.query) <= {control.name for control in table}
    assert {name: table[name].spell(values[name]) for name in note.show.query} == dict(note.show.query)
    assert note.show.address == f"{note.show.page}?{urlencode(dict(note.show.query))}"


def test_some_notes_can_be_seen_live() -> None:
    shown = {note.id: note.show.address for note in NOTES if note.show}
    assert shown["E01"] == "attention?lens=rnn"
    assert shown["E07"] == "attention?lens=causal"
    assert shown["E28"] == "quantization?lens=tensor"
    # A small gradient is lost in FP16 without a scaled loss, and a small step without FP32 master weights.
    assert shown["E32"].endswith("number=1e-8") and np.float16(1e-8) == 0
    assert shown["E03"].endswith("number=1.0001") and np.float16(1.0001) == 1
    assert shown["E41"] == "focal-loss?lens=curves"


@pytest.mark.parametrize("note", NOTES, ids=by_id)
def test_a_note_is_short(note: notes.Note) -> None:
    english, chinese = note.text("en"), note.text("zh-Hant")
    assert len(f"{english.wrong} {english.correct}".split()) <= 80
    assert len("".join((chinese.wrong + chinese.correct).split())) <= 160


@pytest.mark.parametrize("note", NOTES, ids=by_id)
def test_each_language_is_itself(note: notes.Note) -> None:
    english, chinese = note.text("en"), note.text("zh-Hant")
    for words in (english.wrong, english.correct):
        han = len(re.findall(r"[\u4e00-\u9fff]", words))
        assert han * 4 < len(words), "terms only"
        assert words.endswith((".", "?", "”"))
    for words in (chinese.wrong, chinese.correct):
        assert re.search(r"[\u4e00-\u9fff]", words)
        assert words.endswith(("。", "？", "」"))
        assert not re.search(r"[\u4e00-\u9fff][,;:?!]", words), "full-width punctuation between characters"


@pytest.mark.parametrize("note", NOTES, ids=by_id)
def test_the_chinese_is_traditional(note: notes.Note) -> None:
    """Converting to Traditional must change nothing; words that Taiwan writes either way are not judged."""
    to_traditional = OpenCC("s2t").convert
    either_way = str.maketrans("臺牀裏羣着爲喫衆麪脣匯纔佔佈遊", "台床裡群著為吃眾麵唇彙才占布游")
    for words in (note.text("zh-Hant").wrong, note.text("zh-Hant").correct):
        assert to_traditional(words).translate(either_way) == words.translate(either_way)


@pytest.mark.parametrize("note", NOTES, ids=by_id)
def test_the_chinese_is_that_of_taiwan(note: notes.Note) -> None:
    """Words in 「」 are quoted from the document or named as terms, and stay what they are."""
    for words in (note.text("zh-Hant").wrong, note.text("zh-Hant").correct):
        assert not re.findall(MAINLAND, QUOTED.sub("", words))


def test_a_note_is_found_by_id_and_by_question() -> None:
    note = notes.find("E33")
    assert note.question == "B33"
    assert {place.question for place in note.places} == {"B33", "B36", "B26"}
    for question in ("B33", "B36", "B26"):
        assert note in notes.of_question(question)
    assert notes.of_question("B56") == ()
    with pytest.raises(notes.UnknownNoteError, match="E99"):
        notes.find("E99")


def test_stars_are_not_looked_for_in_what_is_read() -> None:
    note = notes.find("E18")
    assert "**" in note.phrase
    assert [phrase.text for phrase in notes.phrases(note, "B10")] == [note.phrase.replace("**", "")]
    assert notes.phrases(note, "B11") == ()
    assert [phrase.kind for phrase in notes.phrases(note, "B10", kind="quiet")] == ["quiet"]


GOOD = """
[[note]]
id = "E01"
question = "A6"
phrase = "p"
grade = "term"
checked = false
show = "attention?lens=rnn"
sources = [{ title = "t", ref = "https://arxiv.org/abs/1706.03762" }]
[[note.also]]
question = "A7"
phrase = "q"
occurrence = 2
[note.en]
wrong = "w"
correct = "c"
[note.zh-Hant]
wrong = "w"
correct = "c"
"""


def test_all_fields_are_read(tmp_path: Path) -> None:
    (tmp_path / "core.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "secondary.toml").write_text(GOOD.replace("E01", "S01").replace("show", "# show"), encoding="utf-8")
    core, small = notes.load(tmp_path)
    assert core.places == (notes.Place("A6", "p"), notes.Place("A7", "q", 2))
    assert (core.grade, core.checked, core.core, small.core) == ("term", False, True, False)
    assert core.show and (core.show.page, dict(core.show.query)) == ("attention", {"lens": "rnn"})
    assert small.show is None
    assert core.sources == (notes.Source("t", "https://arxiv.org/abs/1706.03762"),)
    assert core.text("en") == notes.Text("w", "c")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = ", "core.toml"),
        ("x = 1", r"core\.toml: expected \[\[note\]\]"),
        (GOOD + GOOD, "note E01: stands after E01"),
        (GOOD.replace("E01", "E02") + GOOD, "note E01: stands after E02"),
        (GOOD.replace("E01", "X1"), "note X1: an id"),
        (GOOD.replace("E01", "E00"), "note E00: an id"),
        (GOOD.replace('"term"', '"typo"'), "note E01: grade"),
        (GOOD.replace("false", '"no"'), "note E01: checked"),
        (GOOD.replace("phrase", "phrases"), "note E01: unknown field 'phrases'"),
        (GOOD.replace("occurrence = 2", "occurrence = 0"), "note E01: occurrence"),
        (GOOD.replace("occurrence", "occurence"), "note E01: unknown field 'occurence'"),
        (GOOD.replace("[note.zh-Hant]", "[note.zh]"), "note E01: unknown field 'zh'"),
        (GOOD.replace('correct = "c"', 'correct = ""', 1), "note E01, en: correct"),
        (GOOD.replace('wrong = "w"\n', "", 1), "note E01, en: wrong"),
        (GOOD[: GOOD.index("[note.zh-Hant]")], "note E01, zh-Hant: expected a table"),
        (GOOD.replace('[{ title = "t", ref = "https://arxiv.org/abs/1706.03762" }]', "[]"), "note E01: a note names"),
        (GOOD.replace("https:", "http:"), "note E01: .* is no https address"),
        (GOOD.replace("arxiv.org", "arxiv"), "note E01: .* is no https address"),
        (GOOD.replace("1706.03762", "1706.3"), "note E01: .* is no address of arxiv.org"),
        (GOOD.replace("attention?lens=rnn", "attention"), "note E01: show must be a page"),
        (GOOD.replace("attention?lens=rnn", "attention?lens"), "note E01: show: bad query"),
        (GOOD.replace("lens=rnn", "lens=rnn&lens=off"), "note E01: show names a control twice"),
    ],
)
def test_a_slip_in_a_file_names_the_note(source: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "core.toml").write_text(source, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        notes.load(tmp_path)


def test_a_folder_without_notes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no notes"):
        notes.load(tmp_path)
