"""What the views of the quantization page share: which matrix is looked at, its bytes in the browser, the controls a
script needs, numbers as words."""

from __future__ import annotations

import functools
import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from explainers.models import BUNDLED_BERT, ModelSource, load_encoder
from explainers.quantization import weights
from explainers.quantization.quantizers import Clipping, Granularity, Spec
from explainers.quantization.weights import Layer, Tensor
from pages.parts import own_model
from pages.parts.own_model import Bound
from ui import components
from ui.controls import Value
from ui.state import PageState

ASSETS = Path(__file__).resolve().parents[2] / "assets"
SHIPPED = ASSETS / "quantization" / "sentences.json"
"""Cosines that tools/quantized.py measured: bits, way, sentence."""
PLANS = ASSETS / "quantization" / "plans.json"
"""Bits for each layer that it found: plans, bytes, cosines."""
SENTENCES = 16
MOST_SENTENCES = 24


def source_of(here: PageState) -> ModelSource:
    """The model that the page is about: the bundled one, or the reader's own. Raises NotAllowedError."""
    return own_model.asked(here.text("model"))


def is_own(here: PageState) -> bool:
    """True where what was measured with the bundled model says nothing."""
    return source_of(here) != BUNDLED_BERT


def narrowed(here: PageState) -> PageState:
    """The same page with blocks and heads that this model has."""
    source = source_of(here)
    loaded, blocks = load_encoder(source), weights.layers(source)[-1].block
    own_model.say_beyond(here, "models.no_layer", "block", blocks)
    bounds = (("block", blocks), ("head_block", loaded.layers), ("head", loaded.heads))
    return own_model.narrowed(here, *(Bound(name, most, most) for name, most in bounds))


def layer_of(here: PageState) -> Layer:
    """The linear layer that the controls ask for. Raises WeightsError."""
    return weights.find(here.integer("block"), here.text("part"), source_of(here))


def word_of(here: PageState, layer: Layer) -> str:
    """A linear layer as the page names it: block and matrix."""
    return f"{layer.block} {here.t(f'control.quantization.part.option.{layer.part}')}"


def spec_of(here: PageState) -> Spec:
    """The quantizer that the controls ask for."""
    grain, clipping = here.text("grain"), here.text("clipping")
    group = int(grain[1:]) if grain.startswith("g") else 64
    return Spec(
        here.integer("bits"),
        here.text("grid") == "symmetric",
        "group" if grain.startswith("g") else cast("Granularity", grain),
        group,
        cast("Clipping", clipping),
        float(here["percentile"]) if clipping == "percentile" else 99.9,
    )


@functools.cache
def shipped_sentences() -> tuple[str, ...]:
    """The sentences that are compared until the reader brings some."""
    lines = (ASSETS / "attention" / "sentences.txt").read_text("utf-8").splitlines()
    return tuple(line.strip() for line in lines if line.strip())[:SENTENCES]


def sentences_of(here: PageState) -> tuple[str, ...]:
    """The reader's own sentences, one a line, without repeats; the shipped ones where there are none."""
    own = tuple(dict.fromkeys(line.strip()[:400] for line in here.text("sentences").splitlines() if line.strip()))
    return own[:MOST_SENTENCES] or shipped_sentences()


def send_tensor(tensor: Tensor, source: ModelSource) -> str:
    """Send a matrix to the browser once, as the float32 bytes of the model; the id by which a script finds it."""
    rows, columns = tensor.values.shape
    head = json.dumps({"name": tensor.name, "rows": rows, "columns": columns}).encode("utf-8")
    head += b" " * (-len(head) % 4)
    payload_id = f"quant-tensor-{tensor.name}-{weights.fingerprint(source)[:12]}"
    components.send("quant-tensor-payload", payload_id, struct.pack("<I", len(head)) + head + tensor.values.tobytes())
    return payload_id


def for_script(here: PageState, names: Sequence[str], **changed: Value) -> dict[str, object]:
    """Values and defaults of the controls `names` for a component, and those of them that the URL hides."""
    return {
        "state": {name: changed.get(name, here[name]) for name in names},
        "defaults": {name: here.table[name].default for name in names},
        "hide": [name for name in names if here.hidden(name)],
    }


def short(value: float, count: int = 3) -> str:
    """A number with as many digits as it deserves."""
    if value == float("inf"):
        return "∞"
    if value and abs(value) < 1e-4:
        head, power = f"{value:.{count - 1}e}".split("e")
        return f"{head}·10^{int(power)}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.{count}g}"
