"""Unseen: any string; two spaces have no vector for it, the third builds one from n-grams and shows from which."""

from __future__ import annotations

from explainers.embeddings import subwords
from explainers.embeddings.space import neighbours
from explainers.embeddings.subwords import Shares
from explainers.errors import ExplainerError
from pages.parts import embedding_scene as scene
from ui import components, figure, frame, source
from ui.state import PageState

COUNT = 10
EXAMPLES = 5  # words of the vocabulary that an n-gram is shown in


def draw(here: PageState) -> None:
    """The string, its n-grams, and whose company it keeps."""
    word, other = here.text("unseen").strip(), here.text("word").strip()
    word2vec, glove, fasttext = scene.shipped(here)
    try:
        found = subwords.shares(fasttext, word, other)
    except ExplainerError as error:
        frame.trouble(scene.sentence(here, error))
        return
    held = [space for space in (word2vec, glove) if space.has(word)]
    largest = max(found.parts, key=lambda part: abs(part.cosine))
    near = neighbours(fasttext, word, COUNT)
    claim = here.t(
        "embed.unseen.claim_known" if held else "embed.unseen.claim",
        word=found.word,
        other=found.other,
        n=len(found.parts),
        near=near[0].word,
        cosine=f"{found.cosine:.2f}",
        gram=here.t("embed.unseen.gram", gram=largest.gram) if largest.gram else here.t("gramshares.own"),
        share=f"{largest.cosine:+.3f}".replace("-", "−"),
    )
    language = here.text("corpus")
    with figure.card(
        here,
        "unseen",
        claim=claim,
        guide=scene.guide(here, "unseen"),
        exports=(figure.Export("ngrams.csv", lambda: table(found)),),
        code=lambda: source.snippet(
            subwords.shares,
            f"{scene.lines_for(fasttext)}\nfound = shares(space, {word!r}, {other!r})\n"
            "for part in found.parts:\n    print(part.gram, round(part.cosine, 4))\n"
            "print(found.cosine, sum(part.cosine for part in found.parts))",
            (scene.opener(fasttext),),
        ),
    ):
        letters = [*f"<{found.word}>"]
        components.mount(
            "gramshares",
            "embeddings-grams",
            {
                "letters": letters,
                "other": found.other,
                "cosine": found.cosine,
                "parts": [
                    {
                        "gram": part.gram,
                        "start": part.start,
                        "size": len(part.gram) or len(letters),
                        "share": part.cosine,
                        "words": list(subwords.sharing(fasttext, part.gram, EXAMPLES)) if part.gram else [],
                    }
                    for part in found.parts
                ],
                "labels": here.t.group("gramshares"),
            },
        )
        draw_company(here, word, language)


def draw_company(here: PageState, word: str, language: str) -> None:
    """The nearest words in the space that has them, and the plain word that the others have no vector."""
    rows: list[list[object]] = []
    for space in scene.shipped(here):
        try:
            near: object = {"words": [one.word for one in neighbours(space, word, COUNT)], "set": "word"}
        except ExplainerError:
            near = here.t("embed.unseen.no_vector")
        rows.append([scene.name_of(here, space), near])
    columns = [here.t("embed.lists.column_space"), here.t("embed.unseen.nearest", word=word)]
    components.mount(
        "wordtable",
        "embeddings-company",
        {"caption": "", "columns": columns, "rows": rows, "labels": here.t.group("wordtable")},
    )


def table(found: Shares) -> str:
    """The shares as CSV."""
    rows = [(part.gram, part.start, part.row, f"{part.cosine:.6f}", f"{part.length:.6f}") for part in found.parts]
    return scene.table(("n-gram", "start", "row", "share of the cosine", "length"), rows)
