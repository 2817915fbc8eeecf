"""What the training data looks like, for measuring drift against: quantiles of numbers, shares of everything else."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from numpy.typing import NDArray

from slipway_contract import Input, ValueType

if TYPE_CHECKING:
    import pandas as pd

REFERENCE_NAME = "reference.json"
_QUANTILES = np.linspace(0.0, 1.0, 21)
_SHARES = 50  # of the most frequent values


def render_reference(inputs: list[Input], data: "pd.DataFrame", outputs: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the file's bytes: each input's distribution in the data, each output's over the rows answered."""
    document = {
        "rows": len(data),
        "inputs": {
            entry.name: _described(data.iloc[:, index], entry.type) for index, entry in enumerate(inputs)
        },
        "outputs": {name: _output(array) for name, array in outputs.items()},
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def _described(column: "pd.Series[Any]", kind: ValueType) -> dict[str, Any]:
    present = column.dropna()
    about: dict[str, Any] = {"missing": 1 - len(present) / len(column)}
    if kind in (ValueType.FLOAT, ValueType.INT):
        return about | {"quantiles": _quantiles(present.to_numpy(dtype=float))}
    if kind is ValueType.TIMESTAMP:
        return about | {"first": present.min().isoformat(), "last": present.max().isoformat()}
    return about | {"shares": _shares(present.astype(str).to_numpy())}


def _output(array: NDArray[Any]) -> Any:
    if array.dtype.kind != "f":
        return {"shares": _shares(array.astype(str).reshape(-1))}
    columns = array.reshape(len(array), -1)
    return {"quantiles": [_quantiles(columns[:, index]) for index in range(columns.shape[1])]}


def _quantiles(values: NDArray[Any]) -> list[float]:
    finite = values[np.isfinite(values)]
    return np.quantile(finite, _QUANTILES).tolist() if len(finite) else []


def _shares(values: NDArray[Any]) -> dict[str, float]:
    names, counts = np.unique(values, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:_SHARES]
    return {str(names[index]): int(counts[index]) / len(values) for index in order}
