"""What computes the answers: scikit-learn itself, and later its faster equals, behind one small interface."""

from slipway_predictor.engines.base import Done, Engine, Queue
from slipway_predictor.engines.choose import Choice, Cost, choose
from slipway_predictor.engines.scikit import ScikitEngine

__all__ = ["Choice", "Cost", "Done", "Engine", "Queue", "ScikitEngine", "choose"]
