"""Scenes say what their captions say; captions are read back word for word; strange texts are refused in words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainers.alignment import captions, scenes
from explainers.alignment.captions import CaptionError
from explainers.alignment.scenes import Scene

EVERY = (*scenes.singles(), *scenes.counted(), *scenes.related())


def test_there_are_thousands_of_different_scenes() -> None:
    assert (len(scenes.singles()), len(scenes.counted()), len(scenes.related())) == (360, 216, 2520)
    assert len(set(EVERY)) == len(EVERY)


@pytest.mark.parametrize("language", ["en", "zh-Hant"])
def test_captions_tell_scenes_apart_and_hold_no_unknown_word(language: captions.Language) -> None:
    told = [captions.caption(scene, language) for scene in EVERY]
    assert len(set(told)) == len(EVERY)
    for text in told[::7]:
        read = captions.read(text)
        assert read.unknown == () and not read.cut


def test_a_caption_reads_back_as_the_scenes_own_words() -> None:
    scene = Scene("star", "vermilion", "small", count=3)
    for language in ("en", "zh-Hant"):
        assert sorted(captions.read(captions.caption(scene, language)).tokens) == [
            "small",
            "star",
            "three",
            "vermilion",
        ]
    above = Scene("ring", "pink", "small", relation="above", other_shape="cross", other_colour="blue")
    assert captions.read(captions.caption(above)).tokens == ("pink", "ring", "above", "blue", "cross")
    turned = captions.read(captions.caption(above, turned=True)).tokens
    assert turned == ("blue", "cross", "below", "pink", "ring")
    assert captions.read("a ring to the left of a star").tokens == ("ring", "left_of", "star")
    assert captions.read("a ring on the left").tokens == ("ring", "left")


def test_both_languages_have_no_token_but_the_other_has_it_too() -> None:
    def used(language: captions.Language) -> set[int]:
        return set(np.unique(captions.tokens_of(EVERY, (language,))))

    assert used("en") == used("zh-Hant")


def test_unknown_words_are_named() -> None:
    assert captions.read("a purple elephant left of a red star").unknown == ("purple", "elephant")
    assert captions.read("不是紅色的圓形 🙂").unknown == ("不",)
    with pytest.raises(CaptionError) as refused:
        captions.read("<script>purple</script>")
    assert refused.value.code == "caption-unknown" and "purple" in refused.value.details["words"]


@pytest.mark.parametrize("text", ["", "   ", "🙂🙃", "…—!", "\x00"])
def test_a_text_without_words_is_refused(text: str) -> None:
    with pytest.raises(CaptionError) as refused:
        captions.read(text)
    assert refused.value.code == "caption-empty"


@given(st.text(max_size=captions.MOST_CHARACTERS + 5))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read = captions.read(text)
    except CaptionError as error:
        assert error.code in ("caption-empty", "caption-long", "caption-unknown")
    else:
        assert read.ids.shape == (captions.LENGTH,) and 0 < (read.ids > 0).sum() == len(read.tokens)


def colour_share(picture: np.ndarray, colour: str) -> float:
    """Share of pixels that are nearer to `colour` than to the ground and every other colour."""
    table = np.array([*scenes.COLOURS.values(), (240, 240, 240)], float)
    nearest = np.linalg.norm(picture[:, :, None].astype(float) - table, axis=-1).argmin(-1)
    return float((nearest == list(scenes.COLOURS).index(colour)).mean())


def test_pictures_show_the_colour_size_and_place_that_are_said() -> None:
    drawn = scenes.singles()
    for scene, picture in zip(drawn, scenes.render(drawn, 5), strict=True):
        share = colour_share(picture, scene.colour)
        assert share > 0.008, scene
        ink = np.abs(picture.astype(float) - np.median(picture, axis=(0, 1))).sum(-1) > 60
        rows, columns = np.nonzero(ink)
        x, y = columns.mean() - 23.5, rows.mean() - 23.5
        side = {"left": -x, "right": x, "top": -y, "bottom": y, "centre": 24 - abs(x) - abs(y)}[scene.place]
        assert side > 5, scene


def test_pictures_show_as_many_things_as_are_said() -> None:
    from scipy.ndimage import label

    drawn = [scene for scene in scenes.counted() if scene.size == "small"]
    for scene, picture in zip(drawn, scenes.render(drawn, 5), strict=True):
        ink = np.abs(picture.astype(float) - np.median(picture, axis=(0, 1))).sum(-1) > 60
        assert label(ink, np.ones((3, 3)))[1] == scene.count, scene


def test_rendering_is_seeded_and_the_same_drawing_at_every_size() -> None:
    some = scenes.singles()[:20]
    assert (scenes.render(some, 3) == scenes.render(some, 3)).all()
    assert (scenes.render(some, 3) != scenes.render(some, 4)).any()
    small, large = scenes.render(some, 3, 48).astype(float), scenes.render(some, 3, 96).astype(float)
    assert np.abs(large.reshape(20, 48, 2, 48, 2, 3).mean(axis=(2, 4)) - small).mean() < 3
    assert scenes.render([], 0).shape == (0, 48, 48, 3)


def test_a_split_keeps_combinations_apart_and_leaves_every_word_in_training() -> None:
    split = scenes.split(scenes.singles(), 60, seed=4)
    assert len(split.held_out) == 60 and not set(split.held_out) & set(split.train)
    with pytest.raises(ValueError, match="no training scene"):
        scenes.split(scenes.singles(), 359)
    with pytest.raises(ValueError, match="held_out"):
        scenes.split(scenes.singles(), 360)
