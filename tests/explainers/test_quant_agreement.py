"""Agreement, tasks and sensitivity against scipy, scikit-learn and models that were built another way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from encoders import save_encoder
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from explainers import attention
from explainers.models import ModelSource
from explainers.quantization import agreement, fake, quantizers, sensitivity, tasks, weights
from explainers.quantization.fake import Attention, Recipe
from explainers.quantization.quantizers import Spec

RNG = np.random.default_rng(11)
CHANNEL = Spec(granularity="channel")
TEXTS = ("the cat sat on the mat", "the dog ran", "dog cat mat", "the mat sat .")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModelSource:
    return ModelSource("folder", str(save_encoder(tmp_path_factory.mktemp("tiny"), "bert", head=False)))


# ---------------------------------------------------------------- agreement


def test_the_interval_of_a_mean_is_scipys() -> None:
    values = RNG.normal(0.4, 1.0, 120)
    found = agreement.bootstrap(120, lambda places: float(values[places].mean()), draws=4000)
    wanted = stats.bootstrap((values,), np.mean, n_resamples=4000, method="percentile", rng=1).confidence_interval
    assert found.value == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=0.02)


def test_an_interval_covers_the_truth_as_often_as_it_says() -> None:
    held = 0
    for _ in range(200):
        values = RNG.normal(1.0, 1.0, 60)
        found = agreement.bootstrap(60, lambda places, v=values: float(v[places].mean()), draws=200)
        held += found.low <= 1.0 <= found.high
    assert 0.88 < held / 200 <= 0.99


def test_cosines_and_similarity_are_sklearns() -> None:
    from sklearn.metrics.pairwise import cosine_similarity

    a, b = RNG.normal(size=(2, 7, 16)).astype(np.float32)
    np.testing.assert_allclose(agreement.similarity(a), cosine_similarity(a), atol=1e-6)
    np.testing.assert_allclose(agreement.cosines(a, b), np.diag(cosine_similarity(a, b)), atol=1e-6)


def test_neighbours_are_sklearns_and_their_changes_are_counted() -> None:
    from sklearn.neighbors import NearestNeighbors

    a = RNG.normal(size=(9, 6)).astype(np.float32)
    b = a + RNG.normal(0, 0.8, a.shape).astype(np.float32)
    found = agreement.neighbour_moves(agreement.similarity(a), agreement.similarity(b), 3)
    for vectors, side in ((a, "before"), (b, "after")):
        near = NearestNeighbors(n_neighbors=3, metric="cosine").fit(vectors).kneighbors(return_distance=False)
        assert [list(getattr(move, side)) for move in found] == near.tolist()
    assert all(move.lost == len(set(move.before) - set(move.after)) for move in found)


def test_a_model_agrees_with_itself() -> None:
    a = RNG.normal(size=(4, 6)).astype(np.float32)
    found = agreement.agree(a, a)
    np.testing.assert_allclose(found.cosines, 1.0)
    assert found.similarity_error == 0 and not any(move.first_changed for move in found.moves)


def test_one_sentence_has_no_neighbours() -> None:
    found = agreement.agree(*RNG.normal(size=(2, 1, 6)).astype(np.float32))
    assert found.moves[0].before == () and found.similarity_error == 0


def test_moved_attention_is_total_variation() -> None:
    before, after = (RNG.dirichlet(np.ones(5), 3).astype(np.float32) for _ in range(2))
    found = agreement.attention_moved(Attention(("a",) * 3, before), Attention(("a",) * 3, after))
    wanted = [np.maximum(0, second - first).sum() for first, second in zip(before, after, strict=True)]
    np.testing.assert_allclose(found, wanted, atol=1e-6)


# ---------------------------------------------------------------- tasks


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=4, max_size=30))
def test_spearman_is_scipys(pairs: list[tuple[int, int]]) -> None:
    a, b = np.array(pairs, dtype=float).T
    found = tasks.spearman(a, b)
    if np.ptp(a) and np.ptp(b):
        assert found == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-9)
    else:
        assert math.isnan(found)


def test_the_data_are_those_of_their_papers() -> None:
    assert len(tasks.word_pairs()) == 353
    assert ("tiger", "cat", 7.35) in tasks.word_pairs()
    labels = [label for _, label in tasks.reviews()]
    assert len(labels) == 200 and set(labels) == {"positive", "negative"}


def test_the_full_model_loses_nothing_and_its_accuracy_is_sklearns(monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    some = tasks.reviews()[::5]
    monkeypatch.setattr(tasks, "reviews", lambda: some)
    found = tasks.polarity(fake.quantized(Recipe()))
    assert found.gap.value == found.gap.low == found.gap.high == 0 and found.flips == () and found.noise
    texts, truth = zip(*some, strict=True)
    folds = StratifiedKFold(tasks.FOLDS, shuffle=True, random_state=agreement.SEED)
    head = LogisticRegression(C=10.0, max_iter=1000)
    scores = cross_val_score(head, fake.sentence_vectors(texts), np.array(truth), cv=folds)
    assert found.before.value == pytest.approx(scores.mean())


def test_flips_are_counted_and_an_interval_decides() -> None:
    truth = np.array(["a", "b"] * 20)
    wrong = np.where(truth == "a", "b", "a")
    found = tasks._outcome("own", [str(i) for i in range(40)], truth, truth, wrong)
    assert (found.before.value, found.after.value, found.gap.value) == (1.0, 0.0, -1.0)
    assert len(found.flips) == 40 and not found.noise
    assert tasks._outcome("own", ["x"] * 40, truth, truth, np.where(np.arange(40) == 3, wrong, truth)).noise


def test_a_readers_list_is_read(tiny: ModelSource) -> None:
    rows = tasks.parse_list("pet: the cat\npet：the dog ran\nthing: the mat\nthing: mat sat\npet: cat\nthing: mats\n")
    assert rows[1] == ("the dog ran", "pet")
    found = tasks.own_list(rows, fake.quantized(Recipe(CHANNEL), tiny), tiny)
    assert found.cases == 6 and 0 <= found.before.value <= 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no label here\n" * 6, "quant-list-line"),
        (": x\n" * 6, "quant-list-line"),
        ("a: x\n" * 3, "quant-list-short"),
        ("", "quant-list-short"),
        ("a: x\n" * 8, "quant-list-labels"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused(text: str, code: str) -> None:
    with pytest.raises(tasks.TaskError) as refused:
        tasks.parse_list(text)
    assert refused.value.code == code


# ---------------------------------------------------------------- sensitivity


def cosine_of(recipe: Recipe, source: ModelSource) -> float:
    full = fake.sentence_vectors(TEXTS, source=source)
    return float(agreement.cosines(full, fake.sentence_vectors(TEXTS, fake.quantized(recipe, source), source)).mean())


def test_layers_alone_and_together(tiny: ModelSource) -> None:
    seen: list[int] = []
    found = sensitivity.layer_by_layer(
        Recipe(Spec(3)),
        TEXTS,
        tiny,
        lambda _, partial: seen.append(len(partial.alone)),  # type: ignore[attr-defined]
    )
    assert found.names == weights.names(tiny) and seen == list(range(1, len(found.names) + 1))
    assert found.alone[0] == pytest.approx(found.together[0])
    assert found.together[-1] == pytest.approx(cosine_of(Recipe(Spec(3)), tiny), abs=1e-6)
    assert found.alone[4] == pytest.approx(cosine_of(Recipe(layers={found.names[4]: Spec(3)}), tiny), abs=1e-6)
    assert found.alone[found.worst] == min(found.alone)


def test_inputs_are_the_hidden_states_of_the_attention_page() -> None:
    text = "The animal didn't cross the street."
    found = {one.name: one for one in sensitivity.layer_inputs([text])}
    hidden = attention.trace(text).hidden
    for layer in (0, 3):
        one = found[f"encoder.layer.{layer}.attention.self.query"]
        np.testing.assert_allclose(one.widths, np.abs(hidden[layer]).max(axis=0), atol=2e-5)
        assert (one.low, one.high) == pytest.approx((hidden[layer].min(), hidden[layer].max()), abs=2e-5)


def test_what_is_treated_apart_is_worth_it() -> None:
    sentences = ["The dog was too tired to walk any further.", "The river flooded the fields in spring."]
    found = {one.name: one.cosine for one in sensitivity.remedies(sentences)}
    assert found["acts_tensor"] < found["acts_apart"] and found["acts_tensor"] < found["acts_token"]
    assert found["norms_4"] < found["norms"] and found["tables_row_4"] < found["tables_row"]


def test_a_search_goes_down_and_stays_under_a_budget(tiny: ModelSource) -> None:
    found = sensitivity.search(TEXTS, tiny)
    sizes = [plan.bytes for plan in found.greedy]
    assert sizes == sorted(sizes, reverse=True)
    assert set(found.greedy[0].bits.values()) == {8} and set(found.greedy[-1].bits.values()) == {3}
    for plan in (*found.greedy[::4], *found.uniform):
        assert plan.bytes == pytest.approx(sensitivity.bytes_of(plan.bits, tiny))
        recipe = Recipe(layers={name: sensitivity.spec_for(bits) for name, bits in plan.bits.items()})
        assert plan.cosine == pytest.approx(cosine_of(recipe, tiny), abs=1e-6)
    budget = (sizes[0] + sizes[-1]) / 2
    best = found.under(budget)
    assert best is not None and best.bytes <= budget
    assert best.cosine == max(plan.cosine for plan in (*found.greedy, *found.uniform) if plan.bytes <= budget)
    assert found.under(1.0) is None
    assert sensitivity.from_json(sensitivity.to_json(found), weights.names(tiny)).greedy[3].bits == found.greedy[3].bits


def test_bytes_of_a_plan_are_those_of_its_matrices(tiny: ModelSource) -> None:
    names = weights.names(tiny)
    shapes = [weights.tensor(name, tiny).values.shape for name in names]
    assert sensitivity.bytes_of(dict.fromkeys(names, 16), tiny) == sum(2 * rows * columns for rows, columns in shapes)
    eight = sum(quantizers.size_of(shape, CHANNEL) for shape in shapes)  # type: ignore[arg-type]
    assert sensitivity.bytes_of(dict.fromkeys(names, 8), tiny) == eight


def test_a_plan_is_read_as_it_is_written() -> None:
    names = [f"layer{i}" for i in range(5)]
    assert list(sensitivity.parse_plan("16, 4，3", names).values()) == [16, 4, 3, 3, 3]
    assert set(sensitivity.parse_plan("", names).values()) == {8}
    assert len(sensitivity.parse_plan("8,8,8,8,8,8,8,8", names)) == 5
    for text in ("1", "5", "8,x", "<b>", "8;4"):
        with pytest.raises(sensitivity.PlanError):
            sensitivity.parse_plan(text, names)
