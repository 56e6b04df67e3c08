"""The two languages: the same keys and fields, every key used, every use has a key, Chinese as written in Taiwan."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from opencc import OpenCC

from study import answers
from ui import language

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [*ROOT.glob("*.py"), *ROOT.glob("pages/**/*.py"), *ROOT.glob("ui/**/*.py"), *ROOT.glob("ui/**/*.js")]
KEYS = set(language.load("en").texts)

# Keys that code builds from names of data, with the data they are built from.
BUILT = (
    r"control\.[\w-]+\.\w+\.(label|help)",  # ui/widgets.py, for every control of a page's table
    r"control\.[\w-]+\.\w+\.option\.\w+",  # the options of a choice
    r"error\.[\w-]+",  # the code of an ExplainerError
    r"concept\.[\w-]+\.(title|line)",  # assets/catalogue.toml
    r"section\.\w+",  # the document's sections
    r"page\.[\w-]+\.title",  # the pages
    r"card\.(look|try|hides|csv|svg)",  # ui/figure.py
    r"lens\.\w+\.(look|try|hides)",  # pages/parts/attention.py, the guide of a view
    r"lens\.side\.\w+",  # the two pictures of a view
    r"chart\.\w+",  # axes and legends; explainers/attention/figures.py names them
    r"focal\.(curves|hand|budget|cumulative)\.(look|try|hides)",  # pages/parts/focal_*.py, the guide of a card
    r"focal\.preset\.\w+\.(name|why)",  # pages/parts/focal_presets.py
    r"(masks|uses|costs)\.\w+",  # rows and columns of the tables in pages/parts/attention_{masks,uses,rnn}.py
    r"embed\.\w+\.(look|try|hides)",  # pages/parts/embedding_scene.py, the guide of a card
    r"embed\.(lists|pairs)\.column_\w+",  # heads of the tables in pages/parts/embedding_{neighbours,scores}.py
    r"embed\.weat\.(flowers|careers)_[xyab]",  # pages/parts/embedding_arithmetic.py, the four sets of a ready test
    r"embed\.google\.(total|semantic|syntactic)",  # pages/parts/embedding_scores.py, sums of sections
    r"embed\.context\.example_(en|zh)",  # pages/parts/embedding_context.py, sentences in a corpus's language
    r"align\.\w+\.(claim|look|try|hides)",  # pages/parts/align_*.py, claim and guide of a card
    r"align\.own\.(first_frame|alpha|turned|china|flower)",  # pages/parts/align_own.py, what was done; photographs
    r"align\.fusion\.(claim|method|x|y)_\w+",  # pages/parts/align_fusion.py, by task and method
    r"align\.feedback\.(line|answer)_\w+",  # pages/parts/align_feedback.py, lines and answers
    r"align\.probes\.(name|column)_\w+",  # rows and columns of the table in pages/parts/align_use.py
    r"text\.by_\w+",  # explainers/focal_loss/vectors.py, how texts become vectors
    r"spaces\.\w+",  # names of the models, and columns in pages/parts/embedding_sources.py
    r"mapcode\.[\w-]+",  # pages/parts/reader_views.py, a page's short name on the map
    r"wordgroup\.\w+",  # pages/glossary.py, the files of assets/glossary
    r"quant\.\w+\.(look|try|hides)",  # pages/parts/quant_*.py, the guide of a card
    r"quant\.(similar|attention)\.\w+",  # explainers/quantization/figures.py, titles and axes
    r"quant\.\w+\.(chart\.\w+|(column|name|short|way)_\w+)",  # pages/parts/quant_*.py, heads and rows of tables
    r"quant(kind|beyond|latency)\.\w+",  # explainers/quantization/beyond_figures.py, axes, legends and names of ways
    r"quantmodel\.[\w-]+",  # pages/parts/quant_models.py: names of variants, formats, engines and columns
    r"home\.(study|teach|interview)(_text|_link)?",  # the three ways in of pages/home.py
)


def test_both_languages_have_the_same_keys() -> None:
    assert set(language.load("zh-Hant").texts) == KEYS


@pytest.mark.parametrize("key", sorted(KEYS))
def test_both_languages_take_the_same_values(key: str) -> None:
    texts = [language.load(code).texts[key] for code in language.LANGUAGES]
    assert language.fields(texts[0]) == language.fields(texts[1])
    assert all(texts)


def test_every_key_named_in_the_code_exists() -> None:
    prefixes = {key.split(".")[0] for key in KEYS}
    named = {
        key
        for path in SOURCES
        for key in re.findall(r'\bt\(\s*"([\w.-]+)"', path.read_text("utf-8"))
        if key.split(".")[0] in prefixes or "." in key
    }
    assert named
    assert named <= KEYS


def test_every_key_is_used() -> None:
    code = "\n".join(path.read_text("utf-8") for path in SOURCES)
    groups = set(re.findall(r'\bt\.group\("([\w.-]+)"\)', code))
    unused = [
        key
        for key in KEYS
        if f'"{key}"' not in code
        and not any(re.fullmatch(pattern, key) for pattern in BUILT)
        and not (key.rsplit(".", 1)[0] in groups and re.search(rf"\b{key.rsplit('.', 1)[1]}\b|labels\[", code))
    ]
    assert unused == []


def test_a_missing_key_says_which() -> None:
    with pytest.raises(language.MissingTextError, match=r"no\.such\.key"):
        language.load("en")("no.such.key")


@pytest.mark.parametrize(
    ("browser", "code"), [("zh-TW", "zh-Hant"), ("zh-CN", "zh-Hant"), ("en-GB", "en"), (None, "en")]
)
def test_the_first_guess_follows_the_browser(browser: str | None, code: str) -> None:
    assert language.guess(browser) == code


def test_the_chinese_is_traditional() -> None:
    """Converting to Traditional must change nothing; words that Taiwan writes either way are not judged."""
    to_traditional = OpenCC("s2t").convert
    either_way = str.maketrans("臺牀裏羣着爲喫衆麪脣匯纔佔佈遊", "台床裡群著為吃眾麵唇彙才占布游")
    for key, text in own_chinese().items():
        assert to_traditional(text).translate(either_way) == text.translate(either_way), key


# The left column of the document's list of usage, and a few of its kind. Left out is what Taiwan writes too: 圖像,
# 遷移學習, 函數 (mathematics) and 推理 (reasoning).
MAINLAND = re.compile(
    "數據|質量|內存|視頻|音頻|網絡|硬件|(?<!演)算法|概率|信息|用戶|優化|健壯|魯棒|掩碼|調參|物體檢測|目標檢測|集群|動態時間規劃"
    "|活躍學習|增強學習|標籤函數|软|数|优|軟件|默認|鼠標|屏幕|打印|緩存|加載|界面|文本|字符|代碼|批量|服務器"
)
# Words in 「」 are quoted from the document or named as terms, and addresses are nobody's Chinese.
QUOTED = re.compile(r"「[^」]*」|\]\([^)]*\)")


def own_chinese() -> dict[str, str]:
    """Every Chinese text that is the product's own, but the notes and the glossary, which have tests of their own."""
    ours = {name: answers.answer(name, "zh-Hant") for name in sorted(answers.answered())}
    return {**language.load("zh-Hant").texts, **ours}


def test_the_chinese_is_that_of_taiwan() -> None:
    found = {key: MAINLAND.findall(QUOTED.sub("", text)) for key, text in own_chinese().items()}
    assert {key: words for key, words in found.items() if words} == {}
