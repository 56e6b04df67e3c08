"""The shipped maps: what is packed is unpacked, what is said of them is measured again, and they are small."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.manifold import trustworthiness

from explainers.embeddings import faithful, layouts, spaces
from explainers.embeddings.layouts import Setting
from explainers.embeddings.space import neighbours
from explainers.errors import ExplainerError
from tools import maps as tool

LANGUAGES = ("en", "zh")


# ---------------------------------------------------------------- the form


@given(st.lists(st.integers(0, 1023), min_size=1, max_size=40))
def test_ten_bits_are_unpacked_as_they_were(numbers: list[int]) -> None:
    data = layouts.pack(np.array(numbers), 10)
    assert layouts.unpack(data, 10, len(numbers)).tolist() == numbers
    assert len(data) == 4 * -(-len(numbers) // 3)


@given(st.lists(st.integers(0, 65535), min_size=1, max_size=40))
def test_sixteen_bits_are_unpacked_as_they_were(numbers: list[int]) -> None:
    assert layouts.unpack(layouts.pack(np.array(numbers), 16), 16, len(numbers)).tolist() == numbers


@given(st.lists(st.integers(0, 10), min_size=1, max_size=41))
def test_shares_are_kept_in_tenths(tenths: list[int]) -> None:
    shares = np.array(tenths, dtype=np.float32) / 10
    assert layouts.unpack_kept(layouts.pack_kept(shares), len(tenths)) == pytest.approx(shares)


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.binary(max_size=9), max_size=5))
def test_a_bundle_is_read_as_it_was_written(parts: dict[str, bytes]) -> None:
    data = layouts.bundle({"note": "字"}, parts)
    assert layouts.unbundle(data) == ({"note": "字"}, parts)
    assert len(data) % 4 == 0


@pytest.mark.parametrize("spoil", [lambda d: b"", lambda d: d[:3], lambda d: d[:50], lambda d: b"\xff" * 80])
def test_a_damaged_bundle_is_refused(spoil) -> None:
    data = layouts.bundle({"layouts": []}, {"rows": b"12345678"})
    with pytest.raises(ExplainerError) as error:
        layouts.unbundle(spoil(data))
    assert error.value.code == "map-damaged"


def test_a_bundle_cut_short_is_refused() -> None:
    with pytest.raises(ExplainerError):
        layouts.unbundle(layouts.bundle({}, {"rows": b"12345678"})[:-4])


@pytest.mark.parametrize("bits", [10, 16])
def test_squeezing_moves_no_word_by_more_than_half_a_step(bits: int) -> None:
    points = np.random.default_rng(1).normal(size=(3, 50, 2)).astype(np.float32)
    numbers, low, step = layouts.squeeze(points, bits)
    back = np.asarray(low) + numbers * step
    assert np.abs(back - points).max() <= step * 0.51
    assert numbers.max() == 2**bits - 1


# ---------------------------------------------------------------- what is shipped


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_setting_of_the_grid_is_there(language: str) -> None:
    maps = layouts.shipped(language, "some")
    assert set(maps.settings) == set(tool.settings(language))
    assert Setting() in maps.settings
    assert len(maps.words) == tool.SHOWN
    assert {one.dims for one in layouts.shipped(language, "all").settings} == {2, 3}


def test_the_maps_are_small() -> None:
    sizes = [path.stat().st_size for path in spaces.ASSETS.rglob("map-*.bin")]
    assert len(sizes) == 4
    assert sum(sizes) < 7_000_000


@pytest.mark.parametrize("wanted", [Setting(), Setting("pca", 0, 0.0), Setting(dims=3)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_of_a_map_is_so(language: str, wanted: Setting) -> None:
    maps = layouts.shipped(language, "some")
    layout = maps.layout(wanted)
    assert layout.setting == wanted
    for at, model in enumerate(spaces.MODELS):
        vectors = spaces.shipped(model, language).rows(maps.rows)
        found = faithful.measure(vectors, layout.points[at])
        assert layout.quality[at] == pytest.approx((found.mean_kept, found.trustworthiness, found.continuity), abs=2e-4)
        assert layout.kept[at] == pytest.approx(found.kept, abs=1e-6)


def test_trustworthiness_of_the_first_map_is_scikit_learns() -> None:
    maps = layouts.shipped("en", "some")
    layout = maps.layout(Setting())
    vectors = spaces.shipped("glove", "en").rows(maps.rows)
    wanted = trustworthiness(vectors, layout.points[1], n_neighbors=10, metric="cosine")
    assert layout.quality[1][1] == pytest.approx(wanted, abs=2e-4)


@pytest.mark.parametrize("shown", ["some", "all"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_shipped_neighbours_are_the_true_ones(language: str, shown: str) -> None:
    maps = layouts.shipped(language, shown)
    count = maps.near.shape[2]
    places = {int(row): place for place, row in enumerate(maps.rows)}
    for at, model in enumerate(spaces.MODELS):
        space = spaces.shipped(model, language)
        for place in (0, 7, len(maps.words) // 2, len(maps.words) - 1):
            ranked = neighbours(space, maps.words[place], len(space) if shown == "some" else count)
            wanted = [places[one.row] for one in ranked if one.row in places][:count]
            assert maps.near[at, place].tolist() == wanted
            cosine = space.similarity(maps.words[place], maps.words[wanted[0]])
            assert maps.cosines[at, place, 0] == pytest.approx(cosine, abs=0.004)


def test_the_first_word_is_shown_with_its_neighbours_in_the_whole_vocabulary() -> None:
    for language, (word,) in tool.HELD.items():
        maps = layouts.shipped(language, "some")
        if not spaces.shipped("glove", language).has(word):
            continue
        at = maps.index(word)
        assert at >= 0
        for index, model in enumerate(spaces.MODELS):
            wanted = [one.word for one in neighbours(spaces.shipped(model, language), word, 10)]
            assert [maps.words[place] for place in maps.near[index, at]] == wanted


def test_a_setting_that_is_not_there_gives_the_nearest() -> None:
    maps = layouts.shipped("en", "some")
    assert maps.find(Setting(n_neighbors=16, min_dist=0.12)) == Setting()
    assert maps.find(Setting(n_neighbors=200)).n_neighbors == 120
    assert maps.find(Setting("tsne", 7, 0.9, "euclidean", 9)).method == "tsne"
    assert maps.find(Setting(dims=3, metric="euclidean")).dims == 3
    assert layouts.shipped("en", "all").find(Setting("pca", 0, 0.0, dims=3)) == Setting(dims=3)


@pytest.mark.parametrize("wanted", [Setting(), Setting(n_neighbors=60, min_dist=0.3), Setting(dims=3)])
def test_strangers_are_told_as_they_are(wanted: Setting) -> None:
    maps = layouts.shipped("en", "some")
    points = maps.layout(wanted).points
    for at, model in enumerate(spaces.MODELS):
        found = faithful.near_but_far(spaces.shipped(model).rows(maps.rows), points[at], tool.STRANGERS)
        told = maps.strangers(wanted)[at]
        assert [one.true_rank for one in told] == [one.true_rank for one in found]
        assert [one.cosine for one in told] == pytest.approx([one.cosine for one in found], abs=6e-4)


def test_two_seeds_agree_on_a_part_and_one_with_itself_on_all() -> None:
    assert layouts.agreement("en", "glove", Setting(), Setting()) == 1
    maps = layouts.shipped("en", "some")
    one, other = (maps.layout(Setting(seed=seed)).points[1] for seed in (1, 2))
    wanted = faithful.shared(one, other).mean()
    assert layouts.agreement("en", "glove", Setting(), Setting(seed=2)) == pytest.approx(wanted)
    assert 0.1 < wanted < 0.9


def test_topics_are_those_of_wordnet() -> None:
    topics = layouts.topics("en")
    wanted = {"king": "people", "dog": "living", "london": "places", "knife": "things", "red": "qualities"}
    assert {word: topics.get(word) for word in wanted} == wanted
    assert "the" not in topics
    assert layouts.topics("zh") == {}


def test_most_words_glide_a_little_between_neighbouring_settings() -> None:
    maps = layouts.shipped("en", "some")
    first, second = (maps.layout(Setting(n_neighbors=n)).points for n in (15, 30))
    step = np.sqrt(((first - second) ** 2).sum(axis=2))
    assert np.median(step) < 0.35  # of a mean radius of 1


def test_payloads_hold_what_they_name() -> None:
    first, words = layouts.unbundle(layouts.payload("en", "some", "first"))
    assert len(first["words"]) == tool.SHOWN
    assert [entry["key"] for entry in first["layouts"]] == [Setting().key]
    assert len(words["near"]) == 3 * tool.SHOWN * 10 * 2
    flat, _ = layouts.unbundle(layouts.payload("en", "some", "2"))
    deep, _ = layouts.unbundle(layouts.payload("en", "some", "3"))
    keys = {entry["key"] for head in (first, flat, deep) for entry in head["layouts"]}
    assert keys == {setting.key for setting in layouts.shipped("en", "some").settings}
    assert "words" not in flat
    assert len(layouts.payload("en", "some", "first")) < 300_000
    assert json.dumps(flat)
