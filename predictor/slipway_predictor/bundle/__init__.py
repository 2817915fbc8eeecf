"""From a verified bundle to a model that is known to fit its contract. Knows scikit-learn, not KServe."""

from slipway_predictor.bundle.artifact import Artifact, Format, decode, format_of, read_artifact
from slipway_predictor.bundle.prepared import Prepared, prepare
from slipway_predictor.bundle.unpickle import unpickle
from slipway_predictor.bundle.wheels import bring_code

__all__ = [
    "Artifact",
    "Format",
    "Prepared",
    "bring_code",
    "decode",
    "format_of",
    "prepare",
    "read_artifact",
    "unpickle",
]
