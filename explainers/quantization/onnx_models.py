"""Variants that ONNX Runtime runs. The FP32 graph is ours (`bert_graph`); most INT8 ones are made of it by
onnxruntime's own `quantize_dynamic` and `quantize_static`, the rest node by node (`bert_int8`).

Files are kept on disk by content: the same weights, calibration and versions never cost their quantization twice.
Reference: onnxruntime's documentation, "Quantize ONNX models".
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from explainers.errors import ExplainerError
from explainers.models import BUNDLED_BERT, ModelSource, load_bert, load_encoder
from explainers.quantization import bert_graph, bert_int8, store
from explainers.quantization.bert_graph import IDS, MASK, SEGMENTS, Shape
from explainers.quantization.calibration import CalibrationError
from explainers.quantization.variants import Built, Float32, Int64, Variant, VariantError, refusal, tokenized
from explainers.quantization.weights import fingerprint

if TYPE_CHECKING:
    from onnx import ModelProto

WRITTEN = 1
"""Counted up when this module or the graphs change, so that no older file is taken for a new one."""
BLOCKS = {"int8": 128, "int4": 32}
"""Inputs that share a scale in a weight-only variant."""
BATCH = 8  # sentences that are calibrated on at a time


def build(
    variant: Variant, calibration: tuple[str, ...] = (), *, threads: int = 1, source: ModelSource = BUNDLED_BERT
) -> Built:
    """Build one, or take it from disk. Raises VariantError, CalibrationError, ModelUnavailableError."""
    for engine in ("onnxruntime", "onnx"):
        if importlib.util.find_spec(engine) is None:
            raise VariantError("quant-engine-missing", {"engine": engine})
    if variant.activations == "static" and not calibration:
        raise CalibrationError("quant-calibration-empty")
    loaded = load_encoder(source)
    if loaded.family != "bert":
        raise VariantError("quant-engine-family", {"variant": variant.name, "family": loaded.family})
    if loaded.model.config.hidden_act != "gelu":  # the graph's is the exact one
        reason = f"hidden_act: {loaded.model.config.hidden_act}"
        raise VariantError("quant-engine-refused", {"variant": variant.name, "reason": reason})
    try:
        file = file_of(variant, calibration, source)
        run = session(file, threads)
    except ExplainerError:
        raise
    except Exception as error:
        raise refusal(variant.name, error) from error
    return Built(variant, run, file, _weights_bytes(file))


def session(file: Path, threads: int) -> _Session:
    """The file, loaded: call it with ids and mask."""
    return _Session(file, threads)


class _Session:
    def __init__(self, file: Path, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(file),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=["SkipLayerNormFusion"],  # slower than what it fuses: see bert_graph
        )

    def __call__(self, ids: Int64, mask: Int64) -> Float32:
        feed = {IDS: ids.astype(np.int32), MASK: mask.astype(np.int32), SEGMENTS: np.zeros(ids.shape, np.int32)}
        found: Float32 = self._session.run(None, feed)[0]
        return found


def file_of(variant: Variant, calibration: tuple[str, ...], source: ModelSource) -> Path:
    """The model's file, made where it is not there yet."""
    versions = [importlib.metadata.version(name) for name in ("onnxruntime", "onnx")]
    used = calibration if variant.activations == "static" else ()
    name = f"{variant.name}-{store.digest(WRITTEN, variant.name, used, fingerprint(source), versions)}.onnx"
    found = store.path_of(name)
    return found or store.keep(name, _content(variant, used, source))


def _content(variant: Variant, calibration: tuple[str, ...], source: ModelSource) -> bytes:
    if variant.activations == "token":
        weights, shape = weights_of(source)
        return bytes(bert_int8.per_token(weights, shape).SerializeToString())
    if variant.weights == "group":
        weights, shape = weights_of(source)
        bits = 4 if variant.format == "int4" else 8
        block = BLOCKS[variant.format]
        return bytes(bert_int8.in_blocks(weights, shape, bits=bits, block=block).SerializeToString())
    if variant.format == "fp32":
        return bytes(_float_graph(source).SerializeToString())
    with tempfile.TemporaryDirectory(prefix="illustrated-notes-") as place:
        plain, made = Path(place) / "fp32.onnx", Path(place) / "int8.onnx"
        plain.write_bytes(_float_graph(source).SerializeToString())
        _by_onnxruntime(variant, plain, made, calibration, source)
        return made.read_bytes()


def _by_onnxruntime(
    variant: Variant, plain: Path, made: Path, calibration: tuple[str, ...], source: ModelSource
) -> None:
    from onnxruntime import quantization as ort

    per_channel = variant.weights == "channel"
    kinds = ["MatMul", "EmbedLayerNormalization"] if variant.embeddings else ["MatMul"]
    if variant.activations == "dynamic":
        ort.quantize_dynamic(
            plain, made, op_types_to_quantize=kinds, per_channel=per_channel, weight_type=ort.QuantType.QInt8
        )
        return
    ort.quantize_static(
        plain,
        made,
        _reader(calibration, source),
        quant_format=ort.QuantFormat.QDQ,
        op_types_to_quantize=kinds,
        per_channel=per_channel,
        activation_type=ort.QuantType.QUInt8,
        weight_type=ort.QuantType.QInt8,
        extra_options={"OpTypesToExcludeOutputQuantization": kinds},
    )


def _reader(calibration: tuple[str, ...], source: ModelSource) -> object:
    """The sentences as onnxruntime's calibration wants them: batches, one after the other."""
    from onnxruntime.quantization import CalibrationDataReader

    def batches() -> Iterator[dict[str, object]]:
        for start in range(0, len(calibration), BATCH):
            ids, mask = tokenized(calibration[start : start + BATCH], source)
            yield {IDS: ids.astype(np.int32), MASK: mask.astype(np.int32), SEGMENTS: np.zeros(ids.shape, np.int32)}

    waiting = batches()

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def get_next(self) -> dict[str, object] | None:
            return next(waiting, None)

    return Reader()


def _float_graph(source: ModelSource) -> ModelProto:
    return bert_graph.graph(*weights_of(source))


def weights_of(source: ModelSource) -> tuple[bert_graph.Weights, Shape]:
    """A BERT's weights as arrays, and its sizes."""
    loaded = load_bert(source)
    config = loaded.model.config
    arrays = {name: tensor.detach().numpy() for name, tensor in loaded.model.state_dict().items()}
    shape = Shape(
        layers=loaded.layers,
        heads=loaded.heads,
        hidden=loaded.hidden,
        inner=int(config.intermediate_size),
        epsilon=float(config.layer_norm_eps),
    )
    return arrays, shape


def _weights_bytes(file: Path) -> int:
    """Bytes of all arrays in the file."""
    import onnx

    return sum(len(array.raw_data) for array in onnx.load(str(file)).graph.initializer)
