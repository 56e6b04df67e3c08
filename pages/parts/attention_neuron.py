"""Inside one head, for one token: every number between the token vectors and the head's output, computed again in the
browser while the temperature is dragged."""

from __future__ import annotations

import numpy as np

from explainers import attention
from explainers.attention import figures
from explainers.attention.neuron import neuron, pack_projections
from pages.parts.scene import Scene, controls, table
from ui import components, figure, source


def draw_neuron(scene: Scene) -> None:
    """How one token's weights come about, number by number."""
    here, (layer, head) = scene.here, scene.head
    temperature = float(here["temperature"])
    view = neuron(scene.text.trace, layer, head, scene.token, temperature=temperature, source=scene.source)
    best = int(np.argmax(view.weight))
    with figure.card(
        here,
        "neuron",
        claim=here.t(
            "lens.neuron.claim",
            query=scene.tokens[scene.token].piece,
            best=scene.tokens[best].piece,
            dot=f"{view.dot[best]:.1f}",
            dim=len(view.q),
            score=f"{view.score[best]:.2f}",
            weight=f"{view.weight[best]:.2f}",
            temperature=f"{temperature:g}",
        ),
        guide=scene.guide("neuron"),
        exports=(figure.Export("neuron.csv", lambda: _csv(scene, view)),),
        code=lambda: source.snippet(
            neuron,
            f"text = trace({scene.call})\n"
            f"view = neuron(text, {layer}, {head}, {scene.token}, temperature={temperature}{scene.from_source})\n"
            "print(view.weight.round(3))",
            scene.needs(attention.trace),
        ),
    ):
        packed = pack_projections(scene.text.trace, layer, head, source=scene.source)
        name = attention.name_of(packed)
        components.send("neuron-payload", name, packed)
        components.mount(
            "neuron",
            "neuron-inside",
            {
                "payload": name,
                "query": scene.token,
                "temperature": temperature,
                "hide_temperature": here.hidden("temperature"),
                "labels": here.t.group("neuron"),
            },
        )
        controls(scene, "layer", "head")


def _csv(scene: Scene, view: attention.NeuronView) -> str:
    """Each key with its sums, then q, k and v of every dimension; the last row is the output."""
    dims = range(len(view.q))
    columns = ("key", "dot", "score", "weight", *(f"{part}{dim}" for part in ("q", "k", "v") for dim in dims))
    rows = [
        (name, view.dot[key], view.score[key], view.weight[key], *view.q, *view.k[key], *view.v[key])
        for key, name in enumerate(figures.names(scene.tokens))
    ]
    blank = [""] * (2 * len(dims) + 3)
    return table(columns, [*rows, ("output", *blank, *view.output)])
