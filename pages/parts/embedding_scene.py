"""What the views of the embeddings page share: which spaces are open, whose colours they have, the word they speak of,
another space beside the three, numbers as words.

Another space is the official GloVe, a file of the reader's, or a model of gensim's downloader. Who may name a file is
decided as on the attention page: a reader at the server's own machine, or a folder that the server reads from.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import streamlit as st

from explainers.embeddings import spaces
from explainers.embeddings.space import Space
from explainers.errors import ExplainerError
from ui import controls, widgets
from ui.controls import Value
from ui.state import PageState, set_values

if TYPE_CHECKING:  # a chart is not what the first picture waits for
    import plotly.graph_objects as go

OFFICIAL = "glove-6b"
HUB = "hub:"
CORPUS = "embeddings-corpus-before"  # session key: the corpus of the last run
CLIPPED = 80  # characters of a detail that a sentence repeats
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # OWASP, "CSV Injection"

# Words that stand in a field until a reader types: the Chinese corpus has others than the table's.
CHINESE: Mapping[str, str] = MappingProxyType(
    {
        "word": "早餐",
        "unseen": "早餐店",
        "plus": "北京",
        "minus": "中國",
        "add": "日本",
        "poles": "男人, 女人",
        "laid": "國王, 女王, 醫生, 工程師, 老師, 軍人, 演員, 將軍, 秘書, 父親, 母親",
        "sentence": "國王坐在王座上，女王坐在國王旁邊",
        "focus": "蘋果",
    }
)
COLOURS = {"word2vec": "#0072B2", "glove": "#009E73", "fasttext": "#E69F00", "other": "#7F7F7F"}
# The fields above each view, in reading order; "beside" opens another space.
FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "map": ("word", "corpus"),
        "neighbours": ("word", "corpus", "beside"),
        "unseen": ("unseen", "word", "corpus"),
        "arithmetic": ("space", "corpus", "beside"),
        "learn": ("how", "corpus"),
        "context": ("focus", "corpus", "beside"),
        "scores": ("beside",),
        "live": ("train_on", "corpus", "word"),
    }
)


def defaults(language: str) -> dict[str, str]:
    """What stands in the fields of the page while a reader has typed nothing, for a corpus."""
    table = controls.load("embeddings")
    return {name: CHINESE[name] if language == "zh" else str(table[name].default) for name in CHINESE}


def in_its_language(here: PageState) -> PageState:
    """The page with the other corpus's default words exchanged for those of this one; what a reader typed stays.

    A word that is no default of the table was typed, unless it was put there for the Chinese corpus a moment ago.
    """
    language = here.text("corpus")
    left = st.session_state.get(CORPUS)
    st.session_state[CORPUS] = language
    if language == "en" and left != "zh":
        return here
    before, after = defaults("en" if language == "zh" else "zh"), defaults(language)
    changes: dict[str, Value] = {name: after[name] for name in after if here[name] == before[name] != after[name]}
    set_values(here.page, changes)
    return replace(here, values={**here.values, **changes})


def draw_choices(here: PageState) -> None:
    """The fields above the open view. Raises ExplainerError."""
    for name in FIELDS[here.text("lens")]:
        if name == "beside":
            from pages.parts import embedding_sources

            embedding_sources.draw_choice(here)
        else:
            widgets.draw(here, name)


def sentence(here: PageState, error: ExplainerError) -> str:
    """The sentence for a failure; a detail as long as a book is clipped."""
    details = {name: value if len(value) <= CLIPPED else f"{value[:CLIPPED]}…" for name, value in error.details.items()}
    if "space" in details:  # explainers name a space by its id
        known = {**{model: here.t(f"spaces.{model}") for model in spaces.MODELS}, OFFICIAL: here.t("spaces.official")}
        details["space"] = here.t.listed([known.get(name, name) for name in details["space"].split(", ")])
    return here.t(f"error.{error.code}", **details)


def shipped(here: PageState) -> tuple[Space, ...]:
    """Word2Vec, GloVe and FastText of the chosen corpus."""
    return tuple(spaces.shipped(model, here.text("corpus")) for model in spaces.MODELS)


def all_spaces(here: PageState) -> tuple[Space, ...]:
    """The three, and the one beside them where it is there; while it loads, its progress stands on the page."""
    from pages.parts import embedding_sources

    beside = embedding_sources.loaded(here)
    return (*shipped(here), beside) if beside is not None else shipped(here)


def kind_of(space: Space) -> str:
    """ "word2vec", "glove", "fasttext" for a shipped space, "other" for one beside them."""
    return space.name if space.name in spaces.MODELS and space.language else "other"


def name_of(here: PageState, space: Space) -> str:
    """A space's name as a reader knows it."""
    kind = kind_of(space)
    if kind == "other":
        return here.t("spaces.official") if space.name == OFFICIAL else space.name
    return here.t(f"spaces.{kind}")


def colour_of(space: Space) -> str:
    """A space's colour in every picture."""
    return COLOURS[kind_of(space)]


def chosen(here: PageState) -> Space:
    """The one space that a view draws. Raises ExplainerError where the one beside the three was asked for in vain."""
    name = here.text("space")
    if name != "other":
        return spaces.shipped(name, here.text("corpus"))
    found = all_spaces(here)
    if len(found) == len(spaces.MODELS):
        raise ExplainerError("embedding_no_other")
    return found[-1]


def known(space: Space, word: str) -> bool:
    """Whether the space has a vector for these letters."""
    try:
        space.vector(word)
    except ExplainerError:
        return False
    return True


def lines_for(space: Space, name: str = "space") -> str:
    """Python that opens the space, for a code tab."""
    kind = kind_of(space)
    if kind != "other":
        return f"{name} = shipped({space.name!r}, {space.language!r})"
    return f"{name} = official()" if space.name == OFFICIAL else f"{name} = load({space.name!r})"


def opener(space: Space) -> Callable[..., object]:
    """The function that `lines_for` calls."""
    if kind_of(space) != "other":
        return spaces.shipped
    return spaces.official if space.name == OFFICIAL else spaces.load


def listed(text: str) -> tuple[str, ...]:
    """The words of a list that a reader typed: separated by commas, semicolons or lines; each once."""
    for sign in ",，、;；\n":
        text = text.replace(sign, "\n")
    return tuple(dict.fromkeys(part.strip() for part in text.split("\n") if part.strip()))


def guide(here: PageState, card: str) -> tuple[str, ...]:
    """The three lines below a card's picture."""
    return tuple(here.t(f"embed.{card}.{line}") for line in ("look", "try", "hides"))


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Rows as CSV; text that a spreadsheet would take for a formula gets a quote."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in (columns, *rows):
        writer.writerow([f"'{cell}" if isinstance(cell, str) and cell[:1] in FORMULA else cell for cell in row])
    return out.getvalue()


def percent(value: float) -> str:
    """A share as whole percents; the sign stays on the line of its number."""
    return f"{value:.0%}".replace("%", "\N{NO-BREAK SPACE}%")


def topics(language: str) -> Mapping[str, str]:
    """A topic for words of the shipped vocabulary (WordNet's lexicographer's files); none for Chinese."""
    if language != "en":
        return {}
    from explainers.embeddings import layouts

    return layouts.topics(language)


def chart(name: str, picture: go.Figure) -> None:
    """A chart with its own button that saves it as SVG."""
    config = {
        "displaylogo": False,
        "toImageButtonOptions": {"format": "svg", "filename": name},
        "modeBarButtons": [["toImage"]],
        "displayModeBar": True,
    }
    st.plotly_chart(picture, key=f"chart-{name}", config=config)
