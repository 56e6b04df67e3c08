"""Imported by a worker process ahead of its first measurement: libraries and model are there when the reader asks."""

from __future__ import annotations

import importlib
import importlib.util

from explainers.models import load_bert

load_bert()
for _engine in ("onnx", "onnxruntime"):
    if importlib.util.find_spec(_engine) is not None:
        importlib.import_module(_engine)
