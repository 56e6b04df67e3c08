"""Rendered scenes: a thing or two of a shape, colour and size at a place, in a number or in a relation; 48 px wide.

Everything is drawn from signed distances with plain numpy (Inigo Quilez, "2D distance functions", 2019): one scene has
as many pictures as there are seeds, for position, size, turn, tint and ground are drawn around what the words say.
Colours are those of Okabe and Ito, so that colour-blind readers see the same classes as the model.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
Float32 = NDArray[np.float32]

SIDE = 48  # pixels
COLOURS: dict[str, tuple[int, int, int]] = {
    "vermilion": (213, 70, 0),
    "yellow": (240, 215, 50),
    "green": (0, 158, 115),
    "blue": (0, 104, 190),
    "pink": (225, 140, 190),
    "black": (25, 25, 25),
}
SHAPES = ("circle", "square", "triangle", "star", "ring", "cross")
SIZES: dict[str, float] = {"small": 0.25, "large": 0.5}  # radius as a share of half the picture's width
PLACES: dict[str, tuple[float, float]] = {
    "left": (-0.55, 0.0),
    "right": (0.55, 0.0),
    "top": (0.0, -0.55),
    "bottom": (0.0, 0.55),
    "centre": (0.0, 0.0),
}
COUNTS = ("", "", "two", "three", "four")
RELATIONS = ("left_of", "above")
MOST_THINGS = 4


@dataclass(frozen=True, order=True)
class Scene:
    """What a caption says of a picture. Either one thing at a `place`, or `count` equal ones, or, with a `relation`,
    one thing left of or above another. Names are those of COLOURS, SHAPES, SIZES, PLACES and RELATIONS."""

    shape: str
    colour: str
    size: str = "large"
    place: str = ""
    count: int = 1
    relation: str = ""
    other_shape: str = ""
    other_colour: str = ""

    @property
    def count_name(self) -> str:
        """Token of the number, "" for one."""
        return COUNTS[self.count]


def singles() -> tuple[Scene, ...]:
    """The 360 scenes of one thing at a place."""
    return tuple(
        Scene(shape, colour, size, place)
        for shape, colour, size, place in itertools.product(SHAPES, COLOURS, SIZES, PLACES)
    )


def counted() -> tuple[Scene, ...]:
    """The 216 scenes of two, three or four equal things."""
    return tuple(
        Scene(shape, colour, size, count=count)
        for shape, colour, size, count in itertools.product(SHAPES, COLOURS, SIZES, (2, 3, 4))
    )


def related() -> tuple[Scene, ...]:
    """The 2,520 scenes of two different things, one left of or above the other."""
    things = tuple(itertools.product(SHAPES, COLOURS))
    return tuple(
        Scene(first[0], first[1], "small", relation=relation, other_shape=second[0], other_colour=second[1])
        for first, second in itertools.permutations(things, 2)
        for relation in RELATIONS
    )


@dataclass(frozen=True)
class Split:
    """Scenes to learn from, and combinations that are kept out of them; every single word occurs in `train`."""

    train: tuple[Scene, ...]
    held_out: tuple[Scene, ...]


def split(scenes: Sequence[Scene], held_out: int = 60, seed: int = 0) -> Split:
    """Keep `held_out` scenes apart at random. Raises ValueError where a word would occur in none of the others."""
    if not 0 < held_out < len(scenes):
        raise ValueError("held_out must be more than 0 and fewer than the scenes")
    order = np.random.default_rng(seed).permutation(len(scenes))
    apart = tuple(scenes[i] for i in sorted(order[:held_out]))
    train = tuple(scenes[i] for i in sorted(order[held_out:]))
    if missing := _words(apart) - _words(train):
        raise ValueError(f"no training scene has {sorted(missing)}")
    return Split(train, apart)


def _words(scenes: Sequence[Scene]) -> set[str]:
    words: set[str] = set()
    for one in scenes:
        words |= {one.shape, one.colour, one.size, one.place, one.count_name}
        words |= {one.relation, one.other_shape, one.other_colour}
    return words


# ---------------------------------------------------------------- distances: negative inside, in shares of half a side


def _circle(x: Float32, y: Float32) -> Float32:
    return (np.hypot(x, y) - 0.95).astype(np.float32)


def _square(x: Float32, y: Float32) -> Float32:
    return (np.maximum(np.abs(x), np.abs(y)) - 0.82).astype(np.float32)


def _triangle(x: Float32, y: Float32) -> Float32:
    sides = [x * np.sin(angle) + y * np.cos(angle) for angle in np.radians((0, 120, 240))]
    return np.asarray(np.maximum.reduce(sides) - 0.52, np.float32)


def _star(x: Float32, y: Float32) -> Float32:
    angle = np.mod(np.arctan2(x, -y), 2 * np.pi / 5) - np.pi / 5
    radius = np.hypot(x, y)
    px, py = radius * np.cos(angle), np.abs(radius * np.sin(angle))
    # the straight edge from an inner corner (angle 0) to a tip (angle pi / 5)
    inner, tip = np.array([0.46, 0.0]), 1.1 * np.array([np.cos(np.pi / 5), np.sin(np.pi / 5)])
    edge = tip - inner
    normal = np.array([edge[1], -edge[0]]) / np.hypot(*edge)
    return np.asarray((px - inner[0]) * normal[0] + (py - inner[1]) * normal[1], np.float32)


def _ring(x: Float32, y: Float32) -> Float32:
    return np.asarray(np.abs(np.hypot(x, y) - 0.72) - 0.24, np.float32)


def _cross(x: Float32, y: Float32) -> Float32:
    a, b = np.abs(x), np.abs(y)
    return np.asarray(np.minimum(np.maximum(a - 0.95, b - 0.3), np.maximum(a - 0.3, b - 0.95)), np.float32)


DISTANCES: dict[str, Callable[[Float32, Float32], Float32]] = {
    "circle": _circle, "square": _square, "triangle": _triangle, "star": _star, "ring": _ring, "cross": _cross,
}  # fmt: skip


# ---------------------------------------------------------------- pictures


@dataclass(frozen=True)
class _Things:
    """All things of a batch: owner (which picture), shape, centre, radius, turn and colour of each."""

    owner: NDArray[np.int64]
    shape: NDArray[np.int64]
    centre: Float32
    radius: Float32
    turn: Float32
    colour: Float32


_SPREAD: dict[int, tuple[tuple[float, float], ...]] = {
    2: ((-0.45, -0.05), (0.45, 0.05)),
    3: ((-0.5, 0.4), (0.5, 0.4), (0.0, -0.5)),
    4: ((-0.48, -0.48), (0.48, -0.48), (-0.48, 0.48), (0.48, 0.48)),
}


def _lay_out(scenes: Sequence[Scene], rng: np.random.Generator) -> _Things:
    owner, shape, centre, radius, colour = [], [], [], [], []

    def put(picture: int, name: str, tint: str, at: tuple[float, float], size: float) -> None:
        owner.append(picture)
        shape.append(SHAPES.index(name))
        centre.append(at)
        radius.append(size)
        colour.append(COLOURS[tint])

    for picture, one in enumerate(scenes):
        size = SIZES[one.size]
        if one.relation:
            first, second = ((-0.48, 0.0), (0.48, 0.0)) if one.relation == "left_of" else ((0.0, -0.48), (0.0, 0.48))
            put(picture, one.shape, one.colour, first, 0.36)
            put(picture, one.other_shape, one.other_colour, second, 0.36)
        elif one.count > 1:
            for at in _SPREAD[one.count]:
                put(picture, one.shape, one.colour, at, min(size, 0.4) if one.size == "large" else 0.22)
        else:
            x, y = PLACES[one.place or "centre"]
            room = 1 - size - 0.02
            put(picture, one.shape, one.colour, (min(room, max(-room, x)), min(room, max(-room, y))), size)
    many = len(owner)
    jitter = rng.uniform(-0.07, 0.07, (many, 2))
    tint = rng.normal(0, 9, (many, 3))
    return _Things(
        np.array(owner, np.int64),
        np.array(shape, np.int64),
        (np.array(centre, np.float32).reshape(-1, 2) + jitter).astype(np.float32),
        (np.array(radius, np.float32) * rng.uniform(0.9, 1.1, many)).astype(np.float32),
        rng.uniform(-0.22, 0.22, many).astype(np.float32),
        (np.array(colour, np.float32).reshape(-1, 3) + tint).clip(0, 255).astype(np.float32),
    )


def render(scenes: Sequence[Scene], seed: int = 0, side: int = SIDE) -> Images:
    """One picture per scene, UInt8[n, side, side, 3]. The seed draws all that the words leave open."""
    rng = np.random.default_rng(seed)
    many = len(scenes)
    ground = rng.uniform(225, 255, (many, 1, 1, 1)) + rng.uniform(-6, 6, (many, 1, 1, 3))
    canvas = np.broadcast_to(ground, (many, side, side, 3)).astype(np.float32)
    things = _lay_out(scenes, rng)
    grid = ((np.arange(side, dtype=np.float32) + 0.5) / side * 2 - 1).astype(np.float32)
    cover = np.zeros((len(things.owner), side, side), np.float32)
    for number, name in enumerate(SHAPES):
        (members,) = np.nonzero(things.shape == number)
        if not len(members):
            continue
        dx = grid[None, None, :] - things.centre[members, 0, None, None]
        dy = grid[None, :, None] - things.centre[members, 1, None, None]
        cos, sin = np.cos(things.turn[members, None, None]), np.sin(things.turn[members, None, None])
        radius = things.radius[members, None, None]
        distance = DISTANCES[name]((cos * dx + sin * dy) / radius, (cos * dy - sin * dx) / radius) * radius
        cover[members] = np.clip(0.5 - distance * side / 2, 0, 1)
    # Things of one picture do not overlap by more than a rim, so the order in which they are laid down hardly shows.
    for layer in range(MOST_THINGS):
        pictures, members = _layer(things.owner, many, layer)
        part = cover[members, :, :, None]
        canvas[pictures] = canvas[pictures] * (1 - part) + things.colour[members, None, None, :] * part
    noise = rng.normal(0, 2, canvas.shape[:3]).astype(np.float32)[..., None]
    return np.asarray(np.clip(canvas + noise, 0, 255), np.uint8)


def _layer(owner: NDArray[np.int64], many: int, layer: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pictures that have a thing number `layer`, and that thing's place in the list."""
    starts = np.searchsorted(owner, np.arange(many))
    ends = np.searchsorted(owner, np.arange(many), side="right")
    pictures = np.nonzero(starts + layer < ends)[0]
    return pictures, starts[pictures] + layer
