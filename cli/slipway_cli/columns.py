"""The inputs of a contract from the training data. Without any, slipway_predictor.bundle.infer makes them."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from slipway_contract import BundleError, Input, Scalar, ValueType
from slipway_contract.dtypes import CATEGORY, ORDERED, fits
from slipway_contract.fields import is_of
from slipway_predictor.bundle.fit import feature_count, feature_names

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 5  # column names in a message
# Text is taken for categories where the data has few different values, each of them many times over.
_MOST_CATEGORIES = 100
_TIMES = 10
_MENDS = {
    "boolean": "numbers, with NaN for what is missing (.astype(float)),",
    "decimal": "floats (.astype(float))",
    "date": "times (pandas.to_datetime)",
    "mixed-integer": "text (.astype(str)) or numbers (pandas.to_numeric)",
}
"""What to make of a column of objects, by what pandas' infer_dtype finds in it."""


def in_order(estimator: Any, data: "pd.DataFrame") -> "pd.DataFrame":
    """Return the training data with the pipeline's columns in the pipeline's order, and names that are strings.

    Raises BundleError when its columns are not the pipeline's.
    """
    import pandas as pd

    if not isinstance(data, pd.DataFrame):
        raise BundleError(
            f"the data is a {type(data).__name__}: give a pandas DataFrame, whose columns have names and types"
        )
    if len(data) == 0:
        raise BundleError("the data holds no rows: give the frame the pipeline was fitted on")
    data = data.set_axis([str(column) for column in data.columns], axis=1)
    names = feature_names(estimator)
    _require_columns(list(data.columns), names, feature_count(estimator))
    return data if names is None else data[names]


def inputs_from_data(data: "pd.DataFrame", *, framed: bool, enforce_ranges: bool) -> list[Input]:
    """Return an input for each column of `in_order`'s frame. `framed`: the pipeline takes a frame.

    Raises BundleError when a column holds what the protocol has no type for.
    """
    inputs = [_input(str(name), data[name], enforce_ranges=enforce_ranges) for name in data.columns]
    return inputs if framed else [entry.model_copy(update={"dtype": None}) for entry in inputs]


def narrowed(inputs: list[Input], data: "pd.DataFrame") -> list[Input]:
    """Return the inputs with floats as narrow as in the data: seldom needed, and the slower way to a model."""
    kept = [
        str(dtype) if fits(str(dtype), entry.type) else None
        for entry, dtype in zip(inputs, data.dtypes, strict=True)
    ]
    return [
        entry if entry.dtype or dtype is None else entry.with_changes(dtype=dtype)
        for entry, dtype in zip(inputs, kept, strict=True)
    ]


def signed(inputs: list[Input], estimator: Any) -> list[Input]:
    """Return a signature's inputs in the pipeline's order. Raises BundleError when they are not the pipeline's columns."""
    names, width = feature_names(estimator), sum(entry.width for entry in inputs)
    given = {entry.name: entry for entry in inputs}
    if names is not None and set(names) != set(given):
        raise BundleError(
            f"the model's signature names {_listed(list(given))}, the pipeline was fitted on {_listed(names)}: give its "
            "training data with --data"
        )
    count = feature_count(estimator)
    if count is not None and count != width:
        raise BundleError(
            f"the model's signature has {width} columns, the pipeline was fitted on {count}: give its training data with "
            "--data"
        )
    return inputs if names is None else [given[name] for name in names]


def _require_columns(columns: list[str], names: list[str] | None, count: int | None) -> None:
    if "" in columns:
        raise BundleError("the data has a column without a name: name it, and fit the pipeline again")
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


def _input(name: str, column: "pd.Series[Any]", *, enforce_ranges: bool) -> Input:
    kind = _type(name, column)
    rules: dict[str, Any] = {}
    present = column.dropna()
    if len(present) < len(column):
        if kind in (ValueType.INT, ValueType.BOOL):
            kind = (
                ValueType.FLOAT
            )  # numbers with gaps; what pandas calls NA is NaN on its way to the pipeline
        hands_none = kind is not ValueType.FLOAT and any(value is None for value in column)
        rules["missing"] = "none" if hands_none else "nan"
    rules["example"] = _typical(kind, column)
    if (values := _categories(kind, column)) is not None:
        rules["values"] = values
        if kind in (ValueType.INT, ValueType.FLOAT) and len(present):
            rules["example"] = _most_frequent(kind, present)  # a median may be none of them
        if kind is ValueType.STRING:
            kind = ValueType.CATEGORY
    elif kind in (ValueType.INT, ValueType.FLOAT) and len(present):
        rules |= _range(kind, present, enforce_ranges=enforce_ranges)
    return Input(name=name, type=kind, dtype=_dtype(kind, column, values), **rules)


def _dtype(kind: ValueType, column: "pd.Series[Any]", values: list[Scalar] | None) -> str | None:
    """Return the column's type where the pipeline may go by it, but for narrow floats (see `narrowed`)."""
    import pandas as pd

    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return None if values is None else ORDERED if dtype.ordered else CATEGORY
    return str(dtype) if kind is not ValueType.FLOAT and fits(str(dtype), kind) else None


def _range(kind: ValueType, present: "pd.Series[Any]", *, enforce_ranges: bool) -> dict[str, Any]:
    import pandas as pd

    if isinstance(present.dtype, pd.CategoricalDtype):  # of what is no value of a contract: it has no order
        present = present.astype(float)
    low, high = present.min(), present.max()
    if not (math.isfinite(low) and math.isfinite(high)):
        return {"infinite": True}
    if kind is ValueType.INT and high >= 2**63:
        raise BundleError(
            f"column '{present.name}' holds whole numbers of 2^63 and more, which do not fit into 64 bits with a sign: turn "
            "it into floats or text before the pipeline"
        )
    cast = int if kind is ValueType.INT else float
    return {
        "minimum": cast(low),
        "maximum": cast(high),
        "outside": "reject" if enforce_ranges else "allow",
    }


def _categories(kind: ValueType, column: "pd.Series[Any]") -> list[Scalar] | None:
    """Return the values there are, where the column is one of categories."""
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        found = column.cat.categories.tolist()
        values = [str(value) for value in found] if kind is ValueType.STRING else found
        return values if values and all(is_of(kind, value) for value in values) else None
    if kind is not ValueType.STRING:
        return None
    present = column.dropna()
    distinct = sorted(map(str, present.unique()))
    few = 0 < len(distinct) <= _MOST_CATEGORIES and len(present) >= _TIMES * len(distinct)
    return list(distinct) if few else None


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
    if types.is_datetime64_any_dtype(column.dtype):
        return ValueType.TIMESTAMP
    found = types.infer_dtype(column, skipna=True)
    if found in ("string", "empty"):
        return ValueType.STRING
    of = f" ({found})" if column.dtype == object else ""
    raise BundleError(
        f"column '{name}' holds {column.dtype} values{of}, which a request cannot carry: turn it into "
        f"{_MENDS.get(found, 'numbers, booleans, text or times')} before the pipeline"
    )


def _typical(kind: ValueType, column: "pd.Series[Any]") -> bool | int | float | str | None:
    """Return the median of numbers or the most frequent value of others: a typical value, and no one's own row."""
    present = column.dropna()
    if len(present) == 0:
        return None
    if kind is ValueType.TIMESTAMP:
        return str(present.sort_values().iloc[len(present) // 2].normalize().isoformat())
    if kind in (ValueType.BOOL, ValueType.STRING):
        return _most_frequent(kind, present)
    numbers = present.to_numpy(dtype=float)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return None
    median = float(np.median(numbers))
    return int(median) if kind is ValueType.INT else median


def _most_frequent(kind: ValueType, present: "pd.Series[Any]") -> Scalar:
    plain: dict[ValueType, Any] = {ValueType.BOOL: bool, ValueType.INT: int, ValueType.FLOAT: float}
    cast = plain.get(kind, str)
    counts = present.astype(cast).value_counts()
    value: Scalar = cast(min(counts[counts == counts.max()].index))
    return value


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
