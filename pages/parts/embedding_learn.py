"""Learn: one step of each of the three, on the reader's own words; every vector has two numbers and can be dragged.

The scripts compute; Python cuts the sentence and counts, and is the reference that a test compares the scripts with.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from explainers.embeddings import windows
from pages.parts import embedding_scene as scene
from ui import components, figure, source, widgets
from ui.state import PageState

BUCKETS = 20_000  # rows of the n-gram table of the shipped FastText
MOST_NAMES = 24  # words of the co-occurrence table that are drawn
CONTROLS = {
    "skipgram": ("centre", "window", "negatives", "rate"),
    "glove": ("window", "cell", "xmax", "power", "rate"),
    "ngrams": ("nmin", "nmax", "rate"),
}
SCRIPTS = {"skipgram": "learnwindow", "glove": "learncell", "ngrams": "learngrams"}


def draw(here: PageState) -> None:
    """The card of the chosen one."""
    VIEWS[here.text("how")](here)


def _card(
    here: PageState,
    how: str,
    claim: str,
    labels: dict[str, str],
    content: dict[str, object],
    export: figure.Export,
    code: Callable[[], str],
) -> None:
    names = CONTROLS[how]
    with figure.card(here, how, claim=claim, guide=scene.guide(here, how), exports=(export,), code=code):
        components.mount(
            SCRIPTS[how],
            f"embeddings-{how}",
            {
                "content": content,
                "state": {name: here[name] for name in names},
                "defaults": {name: here.table[name].default for name in names},
                "hide": [name for name in names if here.hidden(name)],
                "labels": labels,
            },
        )
        widgets.draw_reset(here)


def draw_skipgram(here: PageState) -> None:
    """The window over the sentence, positive and negative samples, and the step they make."""
    widgets.draw(here, "sentence")
    words = windows.cut(here.text("sentence"))
    window, negatives = here.integer("window"), here.integer("negatives")
    centre = min(here.integer("centre"), len(words)) - 1
    pairs = windows.pairs(words, window)
    noise = windows.noise(words)
    claim = here.t(
        "embed.skipgram.claim",
        words=len(words),
        window=window,
        pairs=len(pairs),
        word=words[centre],
        positives=sum(place == centre for place, _ in pairs),
        negatives=negatives,
    )
    rows = [(words[a], words[b], b - a) for a, b in pairs]
    _card(
        here,
        "skipgram",
        claim,
        here.t.group("learnwindow"),
        {"key": " ".join(words), "words": list(words), "noise": noise},
        figure.Export("pairs.csv", lambda: scene.table(("centre", "context", "distance"), rows)),
        lambda: source.snippet(
            windows.skipgram_step,
            f"words = cut({here.text('sentence')!r})\n"
            f"print(pairs(words, {window})[:6], noise(words))\n"
            "import numpy as np\n"
            "rng = np.random.default_rng(0)\n"
            f"step = skipgram_step(rng.normal(size=2), rng.normal(size=({negatives} + 1, 2)), "
            f"[1] + [0] * {negatives}, {float(here['rate'])!r})\n"
            "print(step.loss, step.loss_after, step.centre_gradient)",
            (windows.cut, windows.pairs, windows.noise),
        ),
    )


def draw_glove(here: PageState) -> None:
    """The table of counts, the weight of a cell, and the step on it."""
    widgets.draw(here, "sentence")
    words = windows.cut(here.text("sentence"))
    window = here.integer("window")
    names, table = windows.cooccurrence(words, window)
    x_max, power = float(here["xmax"]), float(here["power"])
    x = float(here["cell"]) or float(table.max())
    weight = float(windows.glove_weight(x, x_max, power))
    claim = here.t(
        "embed.glove.claim",
        words=len(names),
        cells=int((table > 0).sum()),
        all=table.size,
        x=f"{x:g}",
        xmax=f"{x_max:g}",
        weight=f"{weight:.2g}",
    )
    shown = names[:MOST_NAMES]
    rows = [
        (names[i], names[j], f"{table[i, j]:.6g}", f"{float(windows.glove_weight(table[i, j], x_max, power)):.6g}")
        for i in range(len(names))
        for j in range(len(names))
        if table[i, j] > 0
    ]
    _card(
        here,
        "glove",
        claim,
        here.t.group("learncell"),
        {
            "key": " ".join(shown),
            "names": list(shown),
            "table": [[round(float(value), 6) for value in row[:MOST_NAMES]] for row in table[:MOST_NAMES]],
        },
        figure.Export("cooccurrence.csv", lambda: scene.table(("word", "context", "X", "f(X)"), rows)),
        lambda: source.snippet(
            windows.glove_step,
            f"names, table = cooccurrence(cut({here.text('sentence')!r}), {window})\n"
            "print(names)\nprint(table.round(2))\n"
            f"step = glove_step([0.5, -0.2], [0.1, 0.4], (0.0, 0.0), {x!r}, {float(here['rate'])!r}, {x_max!r}, "
            f"{power!r})\nprint(step.weight, step.loss, step.loss_after)",
            (windows.cut, windows.cooccurrence),
        ),
    )


def draw_ngrams(here: PageState) -> None:
    """Two words, the n-grams they share, and what a step on the one does to the other."""
    with st.container(horizontal=True, key="embeddings-two-words", gap="small"):
        widgets.draw(here, "word")
        widgets.draw(here, "unseen")
    word, other = (here.text(name).strip().lower()[:60] for name in ("word", "unseen"))
    shortest, longest = sorted((here.integer("nmin"), here.integer("nmax")))
    mine = windows.word_grams(word, other, shortest, longest, BUCKETS)
    theirs = windows.word_grams(other, word, shortest, longest, BUCKETS)
    shared = [gram.text for gram in mine if gram.shared]
    claim = here.t(
        "embed.ngrams.claim",
        word=word,
        other=other,
        mine=len(mine),
        theirs=len(theirs),
        shared=len(shared),
        shortest=shortest,
        longest=longest,
    )
    rows = [
        (text, gram.text, gram.row, int(gram.shared)) for text, part in ((word, mine), (other, theirs)) for gram in part
    ]
    _card(
        here,
        "ngrams",
        claim,
        here.t.group("learngrams"),
        {"key": f"{word} {other}", "word": word, "other": other, "buckets": BUCKETS},
        figure.Export("word-ngrams.csv", lambda: scene.table(("word", "n-gram", "row", "shared"), rows)),
        lambda: source.snippet(
            windows.word_grams,
            f"for gram in word_grams({word!r}, {other!r}, {shortest}, {longest}, {BUCKETS}):\n    print(gram)",
        ),
    )


VIEWS: dict[str, Callable[[PageState], None]] = {
    "skipgram": draw_skipgram,
    "glove": draw_glove,
    "ngrams": draw_ngrams,
}
