"""Encoders that refuse what they do not know: the contract refuses it first, as the client's own mistake."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from slipway_contract import Input, Scalar, ValueType
from slipway_contract.fields import is_of
from slipway_predictor.engines.wrapped import handed


def closed(estimator: Any, inputs: list[Input]) -> list[Input]:
    """Return the inputs with the values an encoder knows, where it refuses all others."""
    known: dict[str, list[Any]] = {}
    for name, values in _strict(estimator, [entry.name for entry in inputs for _ in range(entry.width)]):
        known[name] = [value for value in values if name not in known or value in known[name]]
    return [
        _closed(entry, known[entry.name]) if entry.name in known and entry.columns is None else entry
        for entry in inputs
    ]


def _strict(estimator: Any, columns: list[str]) -> Iterator[tuple[str, list[Any]]]:
    """Yield each column whose unknown values an encoder refuses, with those it knows."""
    if inner := handed(estimator):
        for one in inner:
            yield from _strict(one, columns)
    elif steps := getattr(estimator, "steps", None):
        # An imputer fills gaps, and leaves everything else what it was.
        first = [step for _, step in steps if step not in (None, "passthrough") and not _fills(step)]
        yield from _strict(first[0], columns) if first else ()
    elif hasattr(estimator, "transformer_list"):
        for _, transformer in estimator.transformer_list:
            yield from _strict(transformer, columns)
    elif hasattr(estimator, "transformers_"):
        for _, transformer, chosen in estimator.transformers_:
            yield from _strict(transformer, _chosen(columns, chosen))
    elif getattr(estimator, "handle_unknown", None) == "error" and len(
        known := getattr(estimator, "categories_", ())
    ) == len(columns):
        for name, values in zip(columns, known, strict=True):
            yield name, [value for value in values.tolist() if value is not None and value == value]


def _fills(step: Any) -> bool:
    return type(step).__name__ == "SimpleImputer" and not step.add_indicator


def _chosen(columns: list[str], chosen: Any) -> list[str]:
    """Return the names of the columns that a ColumnTransformer gives to one of its parts."""
    if isinstance(chosen, slice):
        return (
            columns[chosen] if not isinstance(chosen.start, str) and not isinstance(chosen.stop, str) else []
        )
    places = np.atleast_1d(np.asarray(chosen))
    names: list[str] = np.array(columns)[places].tolist() if places.dtype.kind in "ib" else places.tolist()
    return names


def _closed(entry: Input, known: Sequence[Any]) -> Input:
    kind = ValueType.CATEGORY if entry.type is ValueType.STRING else entry.type
    values = [_as(kind, value) for value in known]
    if entry.dtype is not None and entry.values is not None:  # categories, whose order counts
        values = [value for value in entry.values if value in values]
    whole = kind is ValueType.BOOL and len(values) == 2
    if whole or not values or not all(is_of(kind, value) for value in values):
        return entry
    example = entry.example if entry.example in values else values[len(values) // 2]
    return entry.with_changes(
        type=kind,
        values=values,
        unknown="reject",
        example=example,
        minimum=None,
        maximum=None,
        outside="reject",
    )


def _as(kind: ValueType, value: Any) -> Scalar:
    """Return a value as the contract's type has it: an encoder of several columns may have made all of them floats."""
    if kind is ValueType.INT and isinstance(value, float) and value.is_integer():
        return int(value)
    plain: Scalar = float(value) if kind is ValueType.FLOAT and not isinstance(value, str) else value
    return plain
