"""The inputs of a contract, from the training data or from what the pipeline remembers of it."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from slipway_contract import BundleError, Input, ValueType
from slipway_predictor.bundle.fit import feature_count, feature_names

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 5  # column names in a message


def inputs_from_pipeline(estimator: Any) -> list[Input]:
    """Return float inputs by the pipeline's own names, else one matrix. Raises BundleError when it tells neither."""
    if (names := feature_names(estimator)) is not None:
        return [Input(name=name, type=ValueType.FLOAT) for name in names]
    if (count := feature_count(estimator)) is None:
        raise BundleError(
            "the pipeline does not say how many columns it takes: give its training data with --data"
        )
    return [Input(name="input", type=ValueType.FLOAT, columns=count)]


def inputs_from_data(estimator: Any, data: "pd.DataFrame") -> list[Input]:
    """Return an input for each column of the training data, in the pipeline's order.

    Raises BundleError when the columns are not the pipeline's, or hold what the protocol has no type for.
    """
    if len(data) == 0:
        raise BundleError("the data holds no rows: give the frame the pipeline was fitted on")
    columns = [str(column) for column in data.columns]
    names = feature_names(estimator)
    _require_columns(columns, names, feature_count(estimator))
    return [_input(name, data.iloc[:, columns.index(name)]) for name in names or columns]


def _require_columns(columns: list[str], names: list[str] | None, count: int | None) -> None:
    if len(set(columns)) != len(columns):
        raise BundleError("the data has two columns of one name: rename one, and fit the pipeline again")
    if names is None:
        if count is not None and count != len(columns):
            raise BundleError(
                f"the data has {len(columns)} columns, the pipeline was fitted on {count}: give the features alone, "
                "without the target"
            )
        return
    if missing := [name for name in names if name not in columns]:
        raise BundleError(f"the data has no column {_listed(missing)}, which the pipeline was fitted on")
    if extra := [name for name in columns if name not in names]:
        raise BundleError(
            f"the data has column {_listed(extra)}, which the pipeline was not fitted on: drop it (is it the target?)"
        )


def _input(name: str, column: "pd.Series[Any]") -> Input:
    kind = _type(name, column)
    return Input(name=name, type=kind, example=_typical(kind, column))


def _type(name: str, column: "pd.Series[Any]") -> ValueType:
    import pandas as pd
    from pandas.api import types

    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.cat.categories.to_series()
    if types.is_bool_dtype(column.dtype):
        return ValueType.BOOL
    if types.is_integer_dtype(column.dtype):
        return ValueType.INT
    if types.is_float_dtype(column.dtype):
        return ValueType.FLOAT
    if types.infer_dtype(column, skipna=True) in ("string", "empty"):
        return ValueType.STRING
    raise BundleError(
        f"column '{name}' holds {column.dtype} values, which a request cannot carry: turn it into numbers, booleans or "
        "text before the pipeline"
    )


def _typical(kind: ValueType, column: "pd.Series[Any]") -> bool | int | float | str | None:
    """Return the median of numbers or the most frequent value of others: a typical value, and no one's own row."""
    present = column.dropna()
    if len(present) == 0:
        return None
    if kind in (ValueType.BOOL, ValueType.STRING):
        counts = present.astype(str if kind is ValueType.STRING else bool).value_counts()
        value = min(counts[counts == counts.max()].index)
        return str(value) if kind is ValueType.STRING else bool(value)
    median = float(present.astype(float).median())
    if kind is ValueType.INT:
        return int(median)
    return median if math.isfinite(median) else None


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
