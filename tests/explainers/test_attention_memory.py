"""What is kept by text: the same answer as its own module gives, kept once, and never more than it may take."""

from __future__ import annotations

import numpy as np
import pytest

from explainers.attention import ablate, masks, memory
from explainers.attention.memory import Text
from explainers.attention.trace import trace
from explainers.models import ModelSource

TIRED = Text("The animal didn't cross the street because it was too tired.")
PAIR = Text('A river "bank".', "A bank\\loan.", 64)


@pytest.mark.parametrize("text", [TIRED, PAIR, Text("x", source=ModelSource("folder", "/a b/'c'"))])
def test_a_text_as_code_asks_for_the_same_text(text: Text) -> None:
    def asked(a: str, b: str, *, max_tokens: int, source: ModelSource = TIRED.source) -> Text:
        return Text(a, b, max_tokens, source)

    assert eval(f"asked({text.as_code})", {"asked": asked, "ModelSource": ModelSource}) == text


def test_a_run_under_a_mask_is_kept() -> None:
    mask = masks.causal(len(TIRED.trace().tokens))
    view, effect = memory.under_mask(TIRED, mask)
    again, _ = memory.under_mask(TIRED, mask.copy())
    assert again is view
    wanted = masks.trace_with_mask(TIRED.a, "", mask)
    np.testing.assert_array_equal(view.trace.attention, wanted.attention)
    assert effect.cosine == pytest.approx(masks.mask_effect(TIRED.trace(), wanted).cosine)
    other, _ = memory.under_mask(TIRED, masks.bidirectional(len(mask)))
    assert other is not view


def test_what_is_kept_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_views", type(memory._views)())
    one = memory.in_words(PAIR)
    assert memory.has_words(PAIR) and not memory.has_words(PAIR, aside=True)
    monkeypatch.setattr(memory, "VIEW_BYTES", memory._size((one, None)) + 1)
    memory.in_words(PAIR, aside=True)
    assert not memory.has_words(PAIR)
    assert len(memory._views) == 1


def test_words_set_aside_sum_to_one_without_the_separators() -> None:
    view = memory.in_words(Text("The tokenizer splits unfathomable words."), aside=True)
    assert [token.piece for token in view.trace.tokens][4] == "unfathomable"
    np.testing.assert_allclose(view.shown.attention.sum(-1), 1, atol=1e-5)
    assert (view.shown.attention[..., [0, -1]] == 0).all()
    assert view.trace.attention[..., 0].max() > 0.1


def test_long_work_tells_how_far_it_is_and_is_called_off() -> None:
    told: list[float] = []
    memory.left_out(TIRED, report=lambda done, _: told.append(done))
    assert told[-1] == 1

    class CalledOffError(Exception):
        pass

    def stop(done: float, _: object) -> None:
        raise CalledOffError

    for call in (memory.left_out, memory.each_head_off):
        with pytest.raises(CalledOffError):
            call(TIRED, report=stop)
    with pytest.raises(CalledOffError):
        memory.times(report=stop)
    with pytest.raises(CalledOffError):
        memory.preset_masks(TIRED, 4, report=stop)


def test_times_are_told_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "TIMED", (8, 16))
    told: list[float] = []
    found = memory.times(report=lambda done, _: told.append(done))
    assert [time.length for time in found.times] == [8, 16]
    assert found.width == memory.TIMED_WIDTH
    assert told == sorted(told) and told[0] > 0 and told[-1] == 1


def test_the_functions_of_a_text_are_those_of_their_modules() -> None:
    off = frozenset({(3, 1), (5, 11)})
    assert memory.without(TIRED, off).cosine == ablate.switch_off(TIRED.a, "", off).cosine
    assert memory.masked(TIRED, 0) is None
    found = memory.masked(TIRED, 2)
    assert found is not None
    assert found.cosine == ablate.mask_token(TIRED.a, "", 2).cosine


def test_a_text_cut_where_the_model_stopped_reading_is_the_same_text() -> None:
    """What the page keeps of a long text, which is asked for again in its place."""
    long = "unfathomable words, " * 3000
    whole = trace(long, max_tokens=64)
    (cut,) = whole.cuts
    short = Text(long[: cut.at_character + 100], "", 64).trace()
    assert short.tokens == whole.tokens
    np.testing.assert_array_equal(short.attention, whole.attention)
