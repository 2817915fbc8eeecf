"""From a request's tensors to the table an engine takes, checked against the bundle's contract.

The place where features that the client does not send will be fetched.
"""

from slipway_predictor.features.example import DATATYPE_OF, example_request, example_row, rows_request
from slipway_predictor.features.finite import LARGEST
from slipway_predictor.features.intake import Filled, Intake
from slipway_predictor.features.schema import data_schemas
from slipway_predictor.features.table import Columns, Table, join, to_frame

__all__ = [
    "DATATYPE_OF",
    "LARGEST",
    "Columns",
    "Filled",
    "Intake",
    "Table",
    "data_schemas",
    "example_request",
    "example_row",
    "join",
    "rows_request",
    "to_frame",
]
