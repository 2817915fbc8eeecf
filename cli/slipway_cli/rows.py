"""Rows of the training data as a client would send them."""

from typing import TYPE_CHECKING, Any

import numpy as np

from slipway_contract import BundleError, Input, ValueType
from slipway_predictor.features import rows_request

if TYPE_CHECKING:
    import pandas as pd

GOLDEN = 32
"""Rows kept with their answers, where one request may hold as many."""

SAMPLE = 5000
"""Rows whose answers' distribution is kept."""


def rows_of(data: "pd.DataFrame", count: int) -> "pd.DataFrame":
    """Return `count` rows of the data, evenly spread over those that JSON can carry, which has no infinity.

    Raises BundleError when there is none.
    """
    sendable = np.ones(len(data), dtype=bool)
    for name, dtype in data.dtypes.items():
        if dtype.kind == "f":
            sendable &= ~np.isinf(data[name].to_numpy(dtype=float, na_value=np.nan))
    places = np.flatnonzero(sendable)
    if not len(places):
        raise BundleError(
            "every row of the data holds infinity, which a request in JSON cannot carry: put a number or a missing value in "
            "its place before the pipeline"
        )
    spread = np.linspace(0, len(places) - 1, min(count, len(places))).astype(int)
    rows: pd.DataFrame = data.iloc[places[np.unique(spread)]]
    return rows


def request_of(inputs: list[Input], rows: "pd.DataFrame") -> dict[str, Any]:
    """Return a V2 request of these rows."""
    columns = [[_plain(entry, value) for value in rows.iloc[:, index]] for index, entry in enumerate(inputs)]
    return rows_request(inputs, [list(row) for row in zip(*columns, strict=True)])


def _plain(entry: Input, value: Any) -> Any:
    """Return a cell as JSON has it."""
    import pandas as pd

    if pd.isna(value):
        return None
    match entry.type:
        case ValueType.FLOAT:
            return float(value)
        case ValueType.INT:
            return int(value)
        case ValueType.BOOL:
            return bool(value)
        case ValueType.TIMESTAMP:
            return value.isoformat()
    return str(value)
