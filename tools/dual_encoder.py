"""Train the dual encoder that the alignment page ships: three seeds on the same data, the first of them is shipped.

Writes assets/alignment/encoder.safetensors and about.json, which says what every seed scores on combinations that none
of them saw. One thread, seeded: the same machine gives the same weights again. Takes some minutes.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict

import numpy as np
import torch

from explainers.alignment import captions, encoder, scenes
from explainers.alignment.captions import Language

SEEDS = (0, 1, 2)
STEPS = 700
RATE = 2e-3
DROP = 0.1  # how often a caption leaves its size or its place unsaid
BOTH: tuple[Language, ...] = ("en", "zh-Hant")
# Scenes of each world in a batch of 128, no scene twice; pictures of each scene; combinations that are held out.
WORLDS = {"single": (64, 8, 60), "counted": (24, 6, 36), "related": (40, 2, 60)}
MADE = {"single": scenes.singles, "counted": scenes.counted, "related": scenes.related}
TEST_SEED = 777


def splits() -> dict[str, scenes.Split]:
    """Training scenes and held-out combinations of each world."""
    return {name: scenes.split(MADE[name](), held_out) for name, (_, _, held_out) in WORLDS.items()}


def pictures(split: scenes.Split, each: int, seed: int) -> np.ndarray:
    """UInt8[each, scenes, 48, 48, 3], rendered once."""
    return np.stack([scenes.render(split.train, seed + number) for number in range(each)])


def train(seed: int, parts: dict[str, scenes.Split], drawn: dict[str, np.ndarray]) -> encoder.DualEncoder:
    """One model."""
    random = np.random.default_rng(seed)
    model = encoder.new(seed).train()
    optimiser = torch.optim.AdamW(model.parameters(), RATE, weight_decay=0.01)
    pace = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=STEPS, pct_start=0.1)
    begun = time.monotonic()
    for step in range(STEPS):
        shown: list[np.ndarray] = []
        told: list[scenes.Scene] = []
        for name, (many, each, _) in WORLDS.items():
            chosen = random.choice(len(parts[name].train), many, replace=False)
            shown.append(drawn[name][random.integers(0, each, many), chosen])
            told += [parts[name].train[one] for one in chosen]
        ids = captions.tokens_of(told, BOTH, seed=seed * STEPS + step, drop=DROP)
        images = encoder.to_input(np.concatenate(shown))
        loss = encoder.train_step(model, optimiser, images, torch.from_numpy(ids))
        pace.step()
        if step % 50 == 0:
            print(f"seed {seed}, step {step}: loss {loss:.3f}, {time.monotonic() - begun:.0f} s", flush=True)
    return model.eval()


def score(model: encoder.DualEncoder, parts: dict[str, scenes.Split]) -> dict[str, dict[str, float]]:
    """Retrieval among the held-out combinations of each world, in each language."""
    found = {}
    for name, split in parts.items():
        images = scenes.render(split.held_out, TEST_SEED)
        for language in BOTH:
            told = captions.tokens_of(split.held_out, (language,))
            measured = asdict(encoder.held_out(model, images, told))
            found[f"{name}.{language}"] = {what: round(value, 4) for what, value in measured.items()}
    return found


def overall(found: dict[str, dict[str, float]]) -> float:
    """Recall@1 over all held-out combinations, both languages and both directions."""
    total = sum(held_out for _, _, held_out in WORLDS.values())
    parts = [
        WORLDS[name.split(".")[0]][2] * (row["image_to_text_1"] + row["text_to_image_1"]) / 2
        for name, row in found.items()
    ]
    return round(sum(parts) / len(BOTH) / total, 4)


def main() -> None:
    torch.set_num_threads(1)
    parts = splits()
    drawn = {name: pictures(parts[name], each, 1000) for name, (_, each, _) in WORLDS.items()}
    results = []
    for seed in SEEDS:
        model = train(seed, parts, drawn)
        if seed == SEEDS[0]:
            encoder.save(model, encoder.WEIGHTS)
            size = encoder.parameters(model)
        found = score(model, parts)
        results.append({"seed": seed, "overall": overall(found), "held_out": found})
        print(results[-1], flush=True)
    table = {
        "parameters": size,
        "steps": STEPS,
        "batch": sum(many for many, _, _ in WORLDS.values()),
        "train_scenes": {name: len(split.train) for name, split in parts.items()},
        "held_out_scenes": {name: len(split.held_out) for name, split in parts.items()},
        "shipped_seed": SEEDS[0],
        "seeds": results,
    }
    encoder.ABOUT.write_text(json.dumps(table, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
