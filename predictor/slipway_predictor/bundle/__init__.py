"""From a verified bundle to a model that is known to fit its contract. Knows scikit-learn, not KServe."""

from slipway_predictor.bundle.fit import require_fit
from slipway_predictor.bundle.unpickle import Unpickled, unpickle

__all__ = ["Unpickled", "require_fit", "unpickle"]
