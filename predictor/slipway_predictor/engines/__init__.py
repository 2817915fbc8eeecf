"""What computes the answers: the model's own library or a faster equal, behind one small interface.

choose.py picks the engine at load, by parity and speed, and ahead.py makes one beforehand; batch.py stands between it and the event loop.
"""

from typing import Any

from slipway_predictor.engines.ahead import compile_ahead, describe, open_ahead
from slipway_predictor.engines.arrays import spare_arrays
from slipway_predictor.engines.base import Cost, Done, Engine, Queue, Reference
from slipway_predictor.engines.batch import Batcher, answers
from slipway_predictor.engines.choose import Choice, choose
from slipway_predictor.engines.onnx_file import OnnxEngine
from slipway_predictor.engines.portable import Unreadable, unpack
from slipway_predictor.engines.scikit import ScikitEngine

__all__ = [
    "Batcher",
    "Choice",
    "Cost",
    "Done",
    "Engine",
    "OnnxEngine",
    "Queue",
    "Reference",
    "ScikitEngine",
    "Unreadable",
    "answers",
    "choose",
    "compile_ahead",
    "describe",
    "open_ahead",
    "reference_engine",
    "spare_arrays",
    "unpack",
]


def reference_engine(model: Any) -> Reference:
    """Return the engine that asks a loaded model by its own library. Raises BundleError when it is no model."""
    return model if isinstance(model, OnnxEngine) else ScikitEngine(model)
