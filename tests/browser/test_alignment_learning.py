"""The alignment page's arithmetic in the browser against the explainer: losses of a batch, gap, forces on a point."""

from __future__ import annotations

import numpy as np
import pytest

from explainers.alignment import batch, captions, contrastive, fusing, training
from explainers.alignment.contrastive import Settings

LIMIT_MS = 120_000


@pytest.mark.core
def test_losses_in_the_browser_are_the_explainers(page_at) -> None:
    sheet = page_at("/alignment?lang=en&lens=losses&batch=9&margin=0.4&bias=-3")
    root = sheet.page.locator(".st-key-align-losses .root[data-painted]")
    root.wait_for(timeout=LIMIT_MS)
    whole = batch.make_batch("near", batch.MOST, 0, "en")
    colours = [scene.colour for scene in batch.draw_scenes("near", batch.MOST, 0)][:9]
    settings = Settings(whole.scale, -3.0, 0.4)
    for kind in contrastive.KINDS:
        wanted = contrastive.batch_loss(kind, whole.cosines[:9, :9], settings, colours)
        found = root.evaluate("(root, kind) => [root.me.found[kind].loss, [...root.me.found[kind].gradient]]", kind)
        assert found[0] == pytest.approx(wanted.loss, rel=1e-3, abs=1e-6), kind
        np.testing.assert_allclose(np.reshape(found[1], (9, 9)), wanted.gradient, atol=1e-4)


def test_the_space_in_the_browser_is_the_explainers(page_at) -> None:
    sheet = page_at("/alignment?lang=en&lens=space&slide=50&point=3")
    root = sheet.page.locator(".st-key-align-space .root[data-painted]")
    root.wait_for(timeout=LIMIT_MS)
    course = training.shipped().course
    clouds = contrastive.unit(course.embeddings[-1][0].astype(np.float64))
    moved = contrastive.slide(*clouds, 0.5)
    read = root.evaluate("(root) => [root.me.space.gap, root.me.space.alignment, ...root.me.space.uniform]")
    wanted = [float(np.linalg.norm(contrastive.gap(*moved))), contrastive.alignment(*moved)]
    wanted += [contrastive.uniformity(one) for one in moved]
    assert read == pytest.approx(wanted, abs=1e-3)
    forces = contrastive.forces(*moved, course.last("aligned").scale, 2)
    drawn = np.reshape(root.evaluate("(root) => [...root.me.forces]"), forces.pushes.shape)
    np.testing.assert_allclose(drawn.sum(axis=0), forces.total, atol=1e-4)


@pytest.mark.parametrize("noised", fusing.SIDES)
def test_the_noise_in_the_browser_is_the_explainers(page_at, noised: str) -> None:
    sheet = page_at(f"/alignment?lang=en&lens=fusion&task=match&noised={noised}&noise=36")
    root = sheet.page.locator(".st-key-align-fusion .root[data-painted]")
    root.wait_for(timeout=LIMIT_MS)
    root.locator("input[data-control=noise]").press("ArrowRight")
    sheet.page.wait_for_url("**noise=37**", timeout=LIMIT_MS)
    level = {"image": 0.0, "text": 0.0, noised: 0.37}
    sample = fusing.sample("match")
    pixels = root.evaluate("(root) => [...root.me.pixels]")
    wanted = fusing.noisy_pictures(sample.pictures, level["image"], fusing.SAMPLE_SEED)
    assert (np.reshape(pixels, wanted.shape) == wanted).all()
    told = root.evaluate("(root) => root.me.told.map((words) => words.map((word) => word.text))")
    known = captions.grammar()
    ids = fusing.noisy_words(sample.ids, level["text"], fusing.SAMPLE_SEED)
    assert told == [[known.words[known.names[i]]["en"] for i in row if i != captions.PAD] for row in ids]
    early = fusing.shipped()[fusing.Question("match", noised)].accuracy[0].mean(axis=0)  # type: ignore[arg-type]
    between = float(np.interp(0.37, fusing.LEVELS, early))
    assert f"early (concatenated) {between:.2f}" in root.locator(".readout").first.inner_text()
