"""What computes the answers: scikit-learn itself or a faster equal, behind one small interface.

choose.py picks the engine at load, by parity and speed; batch.py stands between it and the event loop.
"""

from slipway_predictor.engines.base import Cost, Done, Engine, Queue
from slipway_predictor.engines.batch import Batcher, answers
from slipway_predictor.engines.choose import Choice, choose
from slipway_predictor.engines.scikit import ScikitEngine

__all__ = ["Batcher", "Choice", "Cost", "Done", "Engine", "Queue", "ScikitEngine", "answers", "choose"]
