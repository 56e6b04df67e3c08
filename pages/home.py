"""Home: what this is, a card for each concept with a picture rendered by the software, and three ways in."""

from __future__ import annotations

import base64
from pathlib import Path

from study import catalogue, contradictions, document, glossary, notes
from ui import components, frame
from ui.state import PageState

PICTURES = Path(__file__).resolve().parent.parent / "assets" / "media" / "cards"


def picture(concept_id: str, lang: str) -> str:
    """The concept's card picture (made by `make assets`) as a data URL."""
    image = (PICTURES / f"{concept_id}.{lang}.png").read_bytes()
    return "data:image/png;base64," + base64.b64encode(image).decode("ascii")


def draw(here: PageState) -> None:
    t = here.t
    concepts = catalogue.load().concepts
    planned = [t(f"concept.{concept.id}.title") for concept in concepts if not concept.ready]
    ways = (
        ("study", frame.address(here, "reader")),
        ("teach", frame.address(here, "attention", present=True)),
        ("interview", frame.address(here, "attention", q="A1")),
    )
    beside = (
        (
            t("home.corrections"),
            t("home.corrections_text", n=len(notes.load()), m=len(contradictions.load())),
            frame.address(here, "notes"),
        ),
        (t("home.glossary"), t("home.glossary_text", n=len(glossary.load())), frame.address(here, "glossary")),
        (
            t("home.map"),
            t("home.map_text", n=len(document.load().questions)),
            frame.address(here, "reader", view="map"),
        ),
    )
    components.mount(
        "home",
        "home",
        {
            "heading": t("home.heading"),
            "lead": t("home.lead"),
            "unanswered": t("home.unanswered"),
            "planned": t("home.planned", titles=t.listed(planned)) if planned else "",
            "labels": {"concepts": t("home.concepts"), "open": t("home.open"), "beside": t("home.beside")},
            "beside": [{"title": title, "text": text, "href": href} for title, text, href in beside],
            "concepts": [
                {
                    "title": t(f"concept.{concept.id}.title"),
                    "line": t(f"concept.{concept.id}.line"),
                    "href": frame.address(here, concept.page),
                    "picture": picture(concept.id, t.code),
                    "alt": t("home.picture", page=t(f"concept.{concept.id}.title")),
                    "questions": " ".join(concept.questions),
                }
                for concept in concepts
                if concept.ready
            ],
            "ways": [
                {
                    "title": t(f"home.{way}"),
                    "text": t(f"home.{way}_text"),
                    "link": t(f"home.{way}_link"),
                    "href": href,
                }
                for way, href in ways
            ],
        },
    )


draw(frame.open_page("home"))
