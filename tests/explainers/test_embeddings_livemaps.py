"""Maps of a reader's own words: from any text, measured, picklable, refused in a sentence where they cannot be."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.decomposition import PCA

from explainers.embeddings import faithful, layouts, livemaps, project, spaces
from explainers.embeddings.layouts import Maps, Setting
from explainers.errors import ExplainerError

LIST = "king queen prince emperor throne dog cat horse wolf lion london paris berlin rome doctor nurse teacher soldier"


def words(language: str = "en", count: int = 60) -> tuple[str, ...]:
    return spaces.shipped("glove", language).words[100 : 100 + count]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("King, queen; KING\nthrone!", ("king", "queen", "throne")),
        ("the king’s horse", ("the", "king's", "horse")),
        ("", ()),
        ("123 + 456 😀", ()),
        ("<img src=x onerror=alert(1)>", ("img", "src", "x", "onerror", "alert")),
    ],
)
def test_words_are_taken_from_any_text(text: str, wanted: tuple[str, ...]) -> None:
    assert livemaps.words_of(text, "en") == wanted


def test_running_chinese_is_cut_into_words() -> None:
    found = livemaps.words_of("總統與老師在北京大學", "zh")
    assert "老師" in found
    assert len(found) > 3


def test_own_words_are_laid_out_and_measured() -> None:
    asked = (*livemaps.words_of(LIST, "en"), "qqqzzz")
    maps = livemaps.lay_out("en", asked, Setting(n_neighbors=6))
    known = [word for word in asked if spaces.shipped("glove").has(word)]
    assert set(maps.words) == set(known)
    assert maps.rows.tolist() == sorted(maps.rows.tolist())
    layout = maps.layout(Setting(n_neighbors=6))
    assert layout.points.shape == (3, len(known), 2)
    for at, model in enumerate(spaces.MODELS):
        found = faithful.measure(spaces.shipped(model).rows(maps.rows), layout.points[at])
        assert layout.quality[at] == pytest.approx((found.mean_kept, found.trustworthiness, found.continuity), abs=2e-4)
    again = livemaps.lay_out("en", asked, Setting(n_neighbors=6))
    assert np.array_equal(again.layout(Setting(n_neighbors=6)).points, layout.points)


@pytest.mark.parametrize(("metric", "dims"), [("cosine", 3), ("euclidean", 2)])
def test_metric_and_directions_are_those_asked_for(metric: str, dims: int) -> None:
    maps = livemaps.lay_out("en", words(), Setting(n_neighbors=10, metric=metric, dims=dims))
    (setting,) = maps.settings
    assert (setting.metric, setting.dims) == (metric, dims)
    vectors = [spaces.shipped(model).rows(maps.rows) for model in spaces.MODELS]
    start = project.meeting_place(vectors, 10, 0.1, 1, dims)
    graphs = [project.fuzzy_graph(project.nearest(one, 10, metric)) for one in vectors]
    made = project.umap(graphs, start, 0.1, 1)
    wanted = project.aligned(list(made), made.mean(axis=0))
    assert maps.layout(setting).points == pytest.approx(wanted, abs=1e-3)


def test_the_map_is_shown_while_it_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(livemaps, "SHOW_S", 0.0)
    told: list[tuple[float, object]] = []
    livemaps.lay_out("en", words(), Setting(), report=lambda share, maps: told.append((share, maps)))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] <= 1
    pictures = [maps for _, maps in told if isinstance(maps, Maps)]
    assert len(pictures) > 10
    assert pictures[3].head["layouts"][0]["quality"] == []
    layouts.unbundle(pickle.loads(pickle.dumps(pictures[3])).payload(pictures[3].settings))


def test_the_result_travels_between_processes() -> None:
    maps = livemaps.lay_out("zh", words("zh"), Setting())
    other = pickle.loads(pickle.dumps(maps))
    assert other.words == maps.words
    assert np.array_equal(other.layout(Setting()).points, maps.layout(Setting()).points)


@pytest.mark.parametrize(
    ("asked", "code"), [((), "map-too-few"), (("king", "qqq"), "map-too-few"), (words("en", 2001), "map-too-many")]
)
def test_what_cannot_be_laid_out_is_said(asked: tuple[str, ...], code: str) -> None:
    with pytest.raises(ExplainerError) as error:
        livemaps.lay_out("en", asked, Setting())
    assert error.value.code == code


def test_fewer_words_than_neighbours_are_laid_out() -> None:
    maps = livemaps.lay_out("en", words("en", livemaps.FEWEST), Setting(n_neighbors=200))
    assert maps.settings[0].n_neighbors == livemaps.FEWEST - 1
    assert np.isfinite(maps.layout(maps.settings[0]).points).all()


@pytest.mark.parametrize("dims", [2, 3])
def test_one_space_is_laid_out_four_ways_and_measured(dims: int) -> None:
    asked = words(count=80)
    maps = livemaps.ways("en", asked, Setting(n_neighbors=10, seed=3, dims=dims), "glove")
    assert [(one.method, one.seed) for one in maps.settings] == [("umap", 3), ("umap", 4), ("tsne", 1), ("pca", 1)]
    vectors = spaces.shipped("glove").rows(maps.rows)
    for setting in maps.settings:
        layout = maps.layout(setting)
        assert layout.points.shape == (1, len(asked), dims)
        found = faithful.measure(vectors, layout.points[0])
        wanted = (found.mean_kept, found.trustworthiness, found.continuity)
        assert layout.quality[0] == pytest.approx(wanted, abs=2e-4), setting
    one, other = (maps.layout(setting).points[0] for setting in maps.settings[:2])
    assert 0.2 < faithful.shared(one, other).mean() < 0.98  # chance decides something, and not everything
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    flat = PCA(dims, svd_solver="full").fit_transform(unit)
    drawn = maps.layout(maps.settings[3]).points[0]
    assert np.abs(np.corrcoef(flat[:, 0], drawn[:, 0])[0, 1]) > 0.999
