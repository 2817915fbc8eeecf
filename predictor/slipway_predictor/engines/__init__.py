"""What computes the answers: the model's own library or a faster equal, behind one small interface.

choose.py picks the engine at load, by parity and speed; batch.py stands between it and the event loop.
"""

from typing import Any

from slipway_predictor.engines.base import Cost, Done, Engine, Queue, Reference
from slipway_predictor.engines.batch import Batcher, answers
from slipway_predictor.engines.choose import Choice, choose
from slipway_predictor.engines.onnx_file import OnnxEngine
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
    "answers",
    "choose",
    "reference_engine",
]


def reference_engine(model: Any) -> Reference:
    """Return the engine that asks a loaded model by its own library. Raises BundleError when it is no model."""
    return model if isinstance(model, OnnxEngine) else ScikitEngine(model)
