"""The focal-loss page's training, texts, remedies and metrics as Streamlit runs them: real work, waited for; both
languages; files of the reader; and the code tabs in a fresh process."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator

import any_page
import pytest
from any_page import ROOT, open_page
from pasted import printed
from streamlit.testing.v1 import AppTest

from explainers.focal_loss import experiment
from explainers.focal_loss.datasets import PlaneSetup
from explainers.focal_loss.remedies import difference, find
from explainers.focal_loss.training import Recipe
from ui import controls, language, work
from ui.pool import Pool

LIMIT_S = 180.0
CARDS = {"train": 2, "remedies": 1, "metrics": 1, "text": 3}
HEAD = "text,label\n"
GOOD = HEAD + "\n".join(f"{'terrible' if i < 20 else 'lovely'} story number {i},{int(i < 20)}" for i in range(80))


def opened(lang: str = "en", **query: str) -> AppTest:
    return open_page("focal_loss.py", lang, **query)


def said(app: AppTest) -> str:
    return any_page.said(app, "work.failed")


def claims(app: AppTest) -> list[str]:
    said(app)
    return any_page.claims(app)


def finished(app: AppTest) -> AppTest:
    """Look again, as the page itself does, until the work is done."""
    until = time.monotonic() + LIMIT_S
    while not claims(app):
        assert time.monotonic() < until, said(app)[-2000:]
        time.sleep(0.3)
        app.run()
    return app


def start(app: AppTest) -> AppTest:
    """Press Start, unless an earlier reader has: vectors are kept for all."""
    waiting = [button for button in app.button if button.key == "focal-vectors-start"]
    return waiting[0].click().run() if waiting else app


@pytest.fixture
def fresh_pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server on which nobody has computed anything yet."""
    pool = Pool()
    monkeypatch.setattr(work, "POOL", pool)
    yield
    pool.close()


@pytest.mark.parametrize("lang", language.LANGUAGES)
@pytest.mark.parametrize("lens", ["train", "remedies", "metrics"])
def test_the_plane_trains_by_itself(lens: str, lang: str) -> None:
    found = claims(finished(opened(lang, lens=lens)))
    assert len(found) == CARDS[lens]
    assert all(re.search(r"\d", claim) and "{" not in claim for claim in found)


def test_the_claim_is_what_was_measured() -> None:
    result = experiment.train_plane(PlaneSetup(10, overlap=0.3), Recipe(gamma=5.0))
    focal, plain = (find(result.table, name, moved=False).pr_auc for name in ("focal", "ce"))
    gap = difference(focal, plain)
    digits = 2 if abs(gap.mean) >= 0.02 else 3
    claim = claims(finished(opened(lens="train", imbalance="10", overlap="0.3", gamma="5")))[0]
    for number in (focal.mean(), plain.mean(), abs(gap.mean), gap.spread):
        assert f"{number:.{digits}f}" in claim
    words = {"better": "is ahead", "worse": "is behind", "noise": "is not shown to help"}
    assert words[gap.verdict] in claim


def test_the_table_names_noise_as_noise() -> None:
    page = said(finished(opened(lens="remedies", imbalance="1")))
    table = page[page.index('<div class="strips"') :]
    assert table.count("<tr>") == 1 + 7
    # On balanced data weights and resampling change nothing at all.
    for name in ("weighted CE", "oversampling", "undersampling", "SMOTE"):
        row = table[table.index(f">{name}<") :].split("</tr>")[0]
        assert "0.00, noise" in row


def test_accuracy_of_flagging_nothing_is_said() -> None:
    assert "flagging nothing is 99.0 % accurate" in claims(finished(opened(lens="metrics", imbalance="100")))[0]


def test_moving_a_control_trains_anew() -> None:
    app = finished(opened(lens="train"))
    before = claims(app)[0]
    app.slider(key="focal-loss-gamma").set_value(0.0).run()
    after = claims(finished(app))[0]
    assert "γ = 0)" in after
    assert after != before


def test_gamma_0_is_cross_entropy_to_the_digit() -> None:
    claim = claims(finished(opened(lens="train", gamma="0")))[0]
    first, second = re.findall(r"(\d\.\d+ ± \d\.\d+)", claim)[:2]
    assert first == second


# ---------------------------------------------------------------- texts


@pytest.mark.parametrize("lang", language.LANGUAGES)
@pytest.mark.usefixtures("fresh_pool")
def test_texts_wait_for_start_and_are_then_trained_on(lang: str) -> None:
    app = opened(lang, lens="text", corpus="sentences", thinned="3")
    time.sleep(1.0)
    assert not claims(app.run())
    assert [button.label for button in app.button if button.key == "focal-vectors-start"]
    found = claims(finished(start(app)))
    assert len(found) == CARDS["text"]
    assert all("{" not in claim for claim in found)


def test_the_reviews_are_shown_in_traditional_characters() -> None:
    page = said(finished(start(opened("zh-Hant", lens="text"))))
    table = page[page.index('<div class="strips texts"') :]
    assert len(re.findall(r"<td>[^<]+</td>", table)) >= 3
    assert not set("这个书买质没过时间们样对说还") & set("".join(re.findall(r"<td>([^<]+)</td>", table)))


def test_a_ratio_that_the_texts_do_not_allow_is_said() -> None:
    page = said(finished(start(opened(lens="text", corpus="sentences", thinned="300"))))
    assert "Asked for 1:300; the texts allow 1:11" in page


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0", "not a text file"),
        ("text,label\n壞書,1".encode("big5"), "not UTF-8"),
        (b"a,b\n1,2", "No columns called text and label"),
        (f"{HEAD}one,same\ntwo,same".encode(), "same label"),
        (f"{HEAD}one,a\ntwo,b".encode(), "is the rarest"),
        (HEAD.encode() + b"x" * 2_100_000, "at most 2 MB"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_sentence(data: bytes, words: str) -> None:
    app = opened(lens="text", corpus="own")
    app.file_uploader[0].set_value(("mine.csv", data, "text/csv")).run()
    sentences = re.findall(r'<p class="trouble" role="alert">(.*?)</p>', said(app))
    assert len(sentences) == 1
    assert words in sentences[0]
    assert not claims(app)


def test_the_readers_own_table_is_trained_on_and_kept_for_the_other_views() -> None:
    app = opened(lens="text", corpus="own", thinned="1")
    assert "Waiting for your table" in said(app)
    app.file_uploader[0].set_value(("mine.csv", GOOD.encode(), "text/csv")).run()
    assert "Your table: 80 texts" in said(app)
    app = finished(start(app))
    assert len(claims(app)) == CARDS["text"]
    app.radio(key="focal-loss-lens").set_value("remedies").run()
    app.radio(key="focal-loss-data").set_value("text").run()
    assert len(claims(finished(app))) == CARDS["remedies"]


def test_texts_of_a_reader_are_text() -> None:
    rows = [f"<img src=x onerror=alert({i})>,{'<b>' if i < 20 else 'ok'}" for i in range(80)]
    app = opened(lens="text", corpus="own", thinned="1")
    app.file_uploader[0].set_value(("mine.csv", (HEAD + "\n".join(rows)).encode(), "text/csv")).run()
    page = said(finished(start(app)))
    assert "<img" not in page
    assert "&lt;b&gt;" in page


# ---------------------------------------------------------------- the rest


@pytest.mark.parametrize(
    ("name", "value"), [("imbalance", "7"), ("overlap", "2"), ("variant", "x"), ("threshold", "-1")]
)
def test_a_wrong_address_is_said_and_the_default_taken(name: str, value: str) -> None:
    app = opened(lens="train", **{name: value})
    assert name in said(app).split('class="claim"')[0]  # the first run says it; those that wait for the training do not
    assert claims(finished(app))


def test_importing_the_views_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom pages.parts import focal_training\n"
        "heavy = {'torch', 'sklearn', 'imblearn', 'gensim', 'snownlp', 'opencc'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def snippets(cards: tuple[str, ...], **query: str) -> list[str]:
    app = opened(**query)
    for card in cards:  # the code comes when its tab is opened
        app.session_state[f"{card}-tabs"] = language.load("en")("card.code")
    app.run()
    start(app)
    return [block.value for block in finished(app).code]


def test_what_the_code_tabs_show_runs_in_a_fresh_process() -> None:
    shown = snippets(("course", "calibration"), lens="train")
    shown += snippets(("remedies",), lens="remedies") + snippets(("metrics",), lens="metrics")
    shown += snippets(("course", "found"), lens="text", corpus="sentences", thinned="3")
    assert len(shown) == 6
    parts = printed(shown)
    assert parts[0].startswith("ce False [")
    assert "Reliability(share=" in parts[1]
    assert "verdict='noise'" in parts[2]
    assert len(parts[3].split()) == 4
    assert len(parts[5].split()) == 4


def test_every_control_of_these_views_has_its_words() -> None:
    table = controls.load("focal-loss")
    for name in ("imbalance", "thinned", "overlap", "draw", "corpus", "data", "variant", "threshold", "gamma", "alpha"):
        for lang in language.LANGUAGES:
            t = language.load(lang)
            assert t(f"control.focal-loss.{name}.label")
            assert t(f"control.focal-loss.{name}.help")
            for option in table[name].options:
                assert t(f"control.focal-loss.{name}.option.{option}")
