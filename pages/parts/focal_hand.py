"""By hand: an editable table of a few examples, every number of every step; Python is the reference of the script."""

from __future__ import annotations

from collections.abc import Callable

from explainers.focal_loss import byhand
from pages.parts import focal_scene
from ui import components, figure, frame, source, widgets
from ui.state import PageState

CONTROLS = ("kind", "given", "pairs", "weights", "logits", "class_weights", "gamma", "row")


def sheet_of(here: PageState) -> tuple[byhand.Given, tuple[byhand.Example, ...], byhand.Sheet]:
    """The table in the address, worked. Raises EntryError, which names the cell that cannot be taken."""
    binary = here.text("kind") == "binary"
    given: byhand.Given = "logits" if not binary else "p" if here.text("given") == "p" else "logit"
    examples = byhand.parse_examples(here.text("pairs" if binary else "logits"), given)
    classes = 2 if binary else len(examples[0].numbers)
    weights = byhand.parse_weights(here.text("weights" if binary else "class_weights"), classes)
    return given, examples, byhand.work(examples, given, weights, float(here["gamma"]))


def draw(here: PageState) -> None:
    """The card of the table and the steps."""
    try:
        given, examples, sheet = sheet_of(here)
    except byhand.EntryError as error:
        frame.notice(here.t(f"error.{error.code}", **error.details))
        _card(
            here,
            here.t("focal.hand.claim_wrong"),
            (),
            lambda: source.snippet(byhand.softmax, "print(softmax((2.0, 1.0, 0.1)))"),
        )
        return
    text = here.text("pairs" if given != "logits" else "logits")
    weights = here.text("weights" if given != "logits" else "class_weights")
    classes = 2 if given != "logits" else len(examples[0].numbers)
    run = (
        f"examples = parse_examples({text!r}, {given!r})\n"
        f"weights = parse_weights({weights!r}, {classes})\n"
        f"sheet = work(examples, {given!r}, weights, gamma={sheet.gamma!r})\n"
        "for row in table(sheet):\n    print(*row)\n"
        "print(sheet.cross_entropy_mean, sheet.weighted_mean, sheet.focal_mean)"
    )
    less = sheet.cross_entropy_mean / sheet.focal_mean if sheet.focal_mean > 0 else float("inf")
    claim = here.t(
        "focal.hand.claim",
        n=len(examples),
        gamma=f"{sheet.gamma:g}",
        ce=focal_scene.short(sheet.cross_entropy_mean),
        focal=focal_scene.short(sheet.focal_mean),
        less=focal_scene.short(less),
    )
    export = figure.Export("by-hand.csv", lambda: focal_scene.csv(byhand.table(sheet)))
    needs = (byhand.parse_examples, byhand.parse_weights, byhand.work, byhand.table)
    _card(here, claim, (export,), lambda: source.snippet(byhand.work_example, run, needs))


def _card(here: PageState, claim: str, exports: tuple[figure.Export, ...], code: Callable[[], str]) -> None:
    with figure.card(
        here,
        "hand",
        claim=claim,
        guide=tuple(here.t(f"focal.hand.{line}") for line in ("look", "try", "hides")),
        exports=exports,
        code=code,
    ):
        components.mount(
            "losssteps",
            "focal-hand",
            {"labels": here.t.group("losssteps"), **focal_scene.for_script(here, CONTROLS)},
        )
        widgets.draw_reset(here)
