"""Retrieval, classes and probes with the shipped model; noise of the fusion tasks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from scipy.special import softmax

from explainers.alignment import batch, captions, encoder, fusing, scenes, use
from explainers.alignment.captions import CaptionError


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("sentence", ["a small blue star at the top", "上面有一個小的藍色星形"])
def test_a_sentence_finds_its_picture(sentence: str) -> None:
    found = use.pictures_for(sentence)
    best = use.gallery().scenes[found.hits[0].place]
    assert (best.shape, best.colour, best.size, best.place) == ("star", "blue", "small", "top")
    cosines = [hit.cosine for hit in found.hits]
    assert cosines == sorted(cosines, reverse=True)
    vector = encoder.embed_texts(batch.shipped(), captions.read(sentence).ids[None])[0]
    assert cosines[0] == pytest.approx(float((use.gallery().vectors @ vector).max()), abs=1e-6)


def test_unknown_words_are_named_and_passed_over() -> None:
    with_unicorn, without = use.pictures_for("a red unicorn circle"), use.pictures_for("a red circle")
    assert with_unicorn.unknown == ("unicorn",)
    assert with_unicorn.hits == without.hits
    with pytest.raises(CaptionError) as refused:
        use.pictures_for("unicorn <script>")
    assert refused.value.code == "caption-unknown"


def test_a_picture_finds_its_sentence() -> None:
    whole = use.gallery()
    texts, _ = use.sentences("en")
    right = sum(
        texts[use.sentences_for(whole.vectors[i], "en").hits[0].place] == captions.caption(whole.scenes[i])
        for i in range(60)
    )
    assert right >= 54  # of 60 unseen combinations, among more than 500 sentences


def test_classes_are_a_softmax_over_sentences() -> None:
    picture = use.gallery().vectors[0]
    names = use.class_names("red circle; blue circle；\n red circle;")
    assert names == ("red circle", "blue circle")
    shares, unknown = use.classify(picture, names)
    ids = np.array([captions.read(name).ids for name in names])
    logits = batch.shipped().scale.item() * (encoder.embed_texts(batch.shipped(), ids) @ picture)
    assert shares == pytest.approx(softmax(logits.astype(np.float64)), abs=1e-5)
    assert unknown == ()
    with pytest.raises(CaptionError):
        use.class_names(" ; ；")


def test_the_model_composes_but_hardly_reads_the_order_of_words() -> None:
    found = {one.name: one for one in use.probes("en")}
    assert set(found) == set(use.PROBES)
    for name in ("colour", "shape", "size", "place", "count"):
        assert found[name].right >= 0.9 * found[name].total, name
    for name in ("relation", "binding"):
        assert found[name].right < 0.75 * found[name].total, name
    assert found["negation"].right < 0.3 * found["negation"].total


def test_a_change_changes_one_thing() -> None:
    one = scenes.related()[100]
    turned = use.CHANGES["relation"](one)
    assert (turned.shape, turned.colour) == (one.other_shape, one.other_colour)
    assert use.CHANGES["relation"](turned) == one
    bound = use.CHANGES["binding"](one)
    assert (bound.shape, bound.colour) == (one.shape, one.other_colour)


def test_noise_is_as_strong_as_it_says() -> None:
    grey = np.full((4, 48, 48, 3), 128, np.uint8)
    assert (fusing.noisy_pictures(grey, 0.0, 1) == grey).all()
    assert fusing.noisy_pictures(grey, 0.25, 1).std() == pytest.approx(32, rel=0.05)
    ids = captions.tokens_of(scenes.singles())
    changed = fusing.noisy_words(ids, 0.5, 1)
    words = ids != captions.PAD
    assert (changed == ids)[words].mean() == pytest.approx(0.5, abs=0.05)
    assert (changed[~words] == captions.PAD).all()
    assert (fusing.noisy_words(ids, 1.0, 1) != ids)[words].all()


@pytest.mark.parametrize("level", [0.0, 0.37, 1.0])
def test_the_draws_of_a_sample_give_its_noise(level: float) -> None:
    found = fusing.sample("match")
    assert set(found.labels.tolist()) == {0, 1}
    wanted = np.float32(128 * level) * found.noise + found.pictures
    noisy = fusing.noisy_pictures(found.pictures, level, fusing.SAMPLE_SEED)
    assert (noisy == np.clip(wanted, 0, 255).astype(np.uint8)).mean() > 0.999
    words = found.ids != captions.PAD
    told = fusing.noisy_words(found.ids, level, fusing.SAMPLE_SEED)
    assert (told[words] == np.where(found.drawn < level, found.others, found.ids)[words]).all()
    assert (told[~words] == captions.PAD).all()


def test_the_shipped_fusions_say_what_each_can_do() -> None:
    found = fusing.shipped()
    assert len(found) == 8
    for question, one in found.items():
        by_name = dict(zip(one.methods, one.accuracy.mean(axis=1), strict=True))
        if question.task == "shape":
            assert min(by_name[name][0] for name in ("early", "late", "attention", "bilinear")) > 0.9
            continue
        # One side alone does not tell whether the two match, nor does the mean of two opinions.
        for name in ("late", "image", "text"):
            assert by_name[name][0] < 0.65, (question, name)
        for name in ("early", "bilinear"):
            assert by_name[name][0] > 0.75, (question, name)
    plain, hardened = (found[fusing.Question("shape", "image", kind)] for kind in (False, True))
    early = plain.methods.index("early")
    assert hardened.accuracy[early, :, -1].mean() > plain.accuracy[early, :, -1].mean() + 0.2
