import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from study import document, terms
from study.search import Index, SearchResult, index, search


@pytest.fixture(scope="module")
def notes_index() -> Index:
    return index()


@pytest.mark.parametrize(
    ("query", "question"),
    [
        ("注意力機制", "A17"),
        ("雙向Transformer", "A1"),
        ("焦點損失如何計算", "B59"),
        ("focal loss", "B59"),
        ("知識蒸餾", "A25"),
        ("詞嵌入", "B60"),
        ("Word2Vec", "B60"),
        ("FastText", "B60"),
        ("多義詞", "A5"),
        ("命名實體識別", "A5"),
        ("NER", "A5"),
        ("CLS標籤", "B48"),
        ("句子對", "B48"),
        ("混合精度訓練", "B32"),
        ("mixed precision training", "B32"),
        ("特徵不對齊", "B24"),
        ("dynamic time warping", "B24"),
        ("RLHF獎勵信號", "B17"),
        ("什麼是RLHF", "B11"),
        ("半監督學習", "B9"),
        ("LabelImg", "B52"),
        ("多語言", "A26"),
        ("超參數調整", "A23"),
        ("長文本", "B43"),
        ("latency", "B36"),
        ("推理延遲", "B36"),
        ("ONNX", "B35"),
        ("finetuning", "B37"),
        ("Fine-Tuning", "B37"),
        ("BERT跟transformer的差別", "B56"),
        ("自動標註 20個 工具", "B53"),
        ("ＬａｂｅｌＩｍｇ", "B52"),
        ("B31", "B31"),
        ("b 31", "B31"),
        ("Ａ０７", "A7"),
        # Slips of the finger.
        ("fasttxt", "B60"),
        ("latenyc", "B36"),
        ("mixd precison training", "B32"),
        ("fine-tunning", "B37"),
    ],
)
def test_the_expected_question_comes_first(notes_index: Index, query: str, question: str) -> None:
    hits = notes_index.search(query).hits
    assert [hit.question for hit in hits[:1]] == [question]


def test_plurals_and_forms_meet(notes_index: Index) -> None:
    def found(query: str) -> set[str]:
        return {hit.question for hit in notes_index.search(query).hits}

    assert found("embedding") == found("embeddings") == found("EMBEDDINGS") != set()
    assert {"A7", "A24", "B31", "B38"} <= found("quantization") == found("quantisation")


@pytest.mark.parametrize(
    ("word", "stem"),
    [
        ("models", "model"),
        ("embeddings", "embed"),
        ("strategies", "strategy"),
        ("training", "train"),
        ("loss", "loss"),
        ("bias", "bias"),
        ("biases", "bias"),
        ("bus", "bus"),
        ("encode", "encod"),
        ("encoding", "encod"),
        ("ring", "ring"),
        ("bert", "bert"),
        ("scale", "scal"),
        ("scaling", "scal"),
        ("fused", "fused"),
    ],
)
def test_stem(word: str, stem: str) -> None:
    assert terms.stem(word) == stem


@pytest.mark.parametrize(
    ("slip", "meant"),
    [("attenion mechanism", "attention mechanism"), ("trasnformer", "transformer")],
)
def test_a_slip_finds_what_was_meant(notes_index: Index, slip: str, meant: str) -> None:
    hits = notes_index.search(meant).hits
    assert hits and notes_index.search(slip).hits == hits


def test_corrections_are_told(notes_index: Index) -> None:
    result = notes_index.search("transfomer 注意力")
    assert result.corrected == (("transfomer", "transformer"),)
    assert "transformer" in result.terms and "transfomer" not in result.terms
    assert notes_index.search("bret").corrected == (("bret", "bert"),)
    assert notes_index.search("transformer").corrected == ()
    assert notes_index.search("nre").corrected == ()


def test_terms_are_read_in_the_notes(notes_index: Index) -> None:
    text = terms.normalise(document.load().text)
    for query in ("注意力機制的計算", "fine-tuning BERT", "數據標註的一致性"):
        found = notes_index.search(query).terms
        assert found and all(term in text for term in found)
    # Every name under which the notes speak of it is highlighted.
    assert {"注意力機制", "attention mechanism"} <= set(notes_index.search("注意力機制").terms)
    assert {"對齊", "alignment"} <= set(notes_index.search("對齊").terms)


def test_hits_are_ranked_and_limited(notes_index: Index) -> None:
    hits = notes_index.search("模型", limit=5).hits
    assert len(hits) == 5
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len({hit.question for hit in hits}) == 5
    assert notes_index.search("模型", limit=0).hits == ()
    assert notes_index.search("B31", limit=0).hits == ()


def test_hit_shows_what_matched(notes_index: Index) -> None:
    hit = notes_index.search("SMOTE 過採樣").hits[0]
    assert {"smote", "過採樣"} <= set(hit.terms)
    assert "<mark>SMOTE</mark>" in hit.snippet and "<mark>過採樣</mark>" in hit.snippet


@pytest.mark.parametrize(
    "query",
    ["", "   ", "\n\t", "😀", "مرحبا بالعالم", "今天天氣", "a" * 10_000, "B99", "the of and", "\x00\ud800"],
)
def test_nothing_to_find(notes_index: Index, query: str) -> None:
    result = notes_index.search(query)
    assert result.hits == ()
    assert len(result.query) <= 200


@pytest.mark.parametrize("query", ["量化" * 5_000, "attention " * 1_000, "注意力機制" * 2_000, "aaab " * 2_000])
def test_long_queries_are_quick(notes_index: Index, query: str) -> None:
    started = time.thread_time()
    notes_index.search(query)
    assert time.thread_time() - started < 0.25


def test_usual_queries_take_a_few_milliseconds(notes_index: Index) -> None:
    queries = ["焦點損失如何計算", "attenion mechanism", "BERT跟transformer的差別", "模型"]
    started = time.thread_time()
    for query in queries * 5:
        notes_index.search(query)
    assert (time.thread_time() - started) / 20 < 0.05


def assert_plain(result: SearchResult) -> None:
    for hit in result.hits:
        bare = re.sub(r"<mark>([^<>]+)</mark>", r"\1", hit.snippet)
        assert "<" not in bare and ">" not in bare
        assert re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt|quot|#x27);)*", bare)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(st.sampled_from(["<", "mark>", "</", "script", "&", "模型", "化", "bert", "損失", " ", '"'])).map(
            "".join
        ),
    )
)
@example("<script>alert(1)</script>")
@example("<mark>模型</mark>")
@example("amp; lt 模型")
def test_snippets_hold_no_markup_but_marks(query: str) -> None:
    assert_plain(search(query))


def test_markup_in_the_document_is_escaped() -> None:
    sections = "".join(f"### s{n}\n\n{'1. q & <b>' if n == 0 else ''}\n\n" for n in range(5))
    text = f"{sections}### 1. 甲 `<i>`?\n\n乙 <script>x</script> & 丙\n\n=====\n\n### 1. 丁\n\n戊\n"
    built = Index(document.parse(text))
    for query in ("乙", "script", "x", "甲", "A1", "q"):
        result = built.search(query)
        assert result.hits
        assert_plain(result)


def test_the_segmenter_stays_out_of_the_way() -> None:
    """Importing the search costs no dictionary, and building it leaves no file in the shared folder."""
    probe = (
        "import sys, study.search; assert 'jieba' not in sys.modules; "
        "study.search.search('模型'); assert 'jieba' in sys.modules"
    )
    root = Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", probe],
            cwd=root,
            env={"TMPDIR": folder, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == "" and done.stdout == ""
        assert not any(Path(folder).iterdir())


@pytest.mark.parametrize(("query", "wanted"), [("kinglike", "B60"), ("simplistic", "B57"), ("ModernBERT", "B58")])
def test_what_the_document_leaves_open_is_found_by_our_own_answer(query: str, wanted: str) -> None:
    assert search(query).hits[0].question == wanted
