"""From a request's tensors to the table the pipeline was fitted on, checked against the bundle's contract.

The place where features that the client does not send will be fetched.
"""

from slipway_predictor.features.example import example_request
from slipway_predictor.features.intake import Intake, Table

__all__ = ["Intake", "Table", "example_request"]
