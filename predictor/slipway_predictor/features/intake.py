"""The bundle's contract, applied to the tensors of a request: names, shapes, types, values; then the table.

Two forms are taken, whatever the contract names its inputs: one tensor per input (`[n]` or `[n, 1]`; `[n, k]` for a
matrix input), or all columns in order as a single matrix `[n, k]` under any name. Where every input is a plain float,
a request is checked as one matrix by two or three numpy calls; only one that fails is looked at again, to name the row.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_contract import Input, ValueType
from slipway_predictor.features.finite import all_finite
from slipway_predictor.features.rules import Rule
from slipway_predictor.features.table import Columns, Table
from slipway_predictor.protocol import BadRequest, Tensor

_SHOWN = 5  # names in a message
_FLOAT64 = np.dtype(np.float64)
_TEXTUAL = (ValueType.STRING, ValueType.CATEGORY, ValueType.TIMESTAMP)

Part = tuple[Tensor | None, NDArray[Any]]
"""A tensor (None: left out) and its values for one input, as [n, width]."""
Filled = Mapping[str, int]
"""For how many values of each input its default stands in; only those for which it does."""
_NOTHING: Filled = MappingProxyType({})


class Intake:
    """A contract's inputs, ready to be applied."""

    def __init__(self, inputs: Sequence[Input], *, framed: bool, max_rows: int | None = None) -> None:
        """`framed`: the pipeline was fitted on a data frame, so that columns of other types than float keep theirs."""
        self._rules = tuple(Rule(entry) for entry in inputs)
        self._names = frozenset(entry.name for entry in inputs)
        self._width = sum(entry.width for entry in inputs)
        self._columns = framed and any(
            entry.type is not ValueType.FLOAT or entry.dtype is not None for entry in inputs
        )
        kinds = tuple(rule.kind for rule in self._rules)
        self._kinds = kinds if any(kinds) else ()
        self._dtype = object if any(entry.type in _TEXTUAL for entry in inputs) else np.float64
        self._max_rows = max_rows
        self._plain = all(rule.plain for rule in self._rules)
        self._lows, self._highs = _bounds(self._rules)

    @property
    def fills(self) -> tuple[str, ...]:
        """The inputs that have a default for what a request does not say."""
        return tuple(rule.name for rule in self._rules if rule.fills)

    def table(self, tensors: Sequence[Tensor]) -> Table:
        """Return the table for the engine, as `read` does."""
        return self.read(tensors)[0]

    def read(self, tensors: Sequence[Tensor]) -> tuple[Table, Filled]:
        """Return the table for the engine, one row for each of the request's, and what defaults stand in for.

        Raises BadRequest when the tensors are not what the contract asks for.
        """
        whole = self._as_matrix(tensors)
        if whole is not None and self._plain and self._sound(whole.array):
            return whole.array, _NOTHING
        parts = self._split(whole) if whole is not None else self._by_name(tensors)
        self._require_rows(len(parts[0][1]))
        if self._plain and whole is None:
            matrix = np.concatenate([values for _, values in parts], axis=1)
            if self._sound(matrix):
                return matrix, _NOTHING
        columns = [rule.apply(*part) for rule, part in zip(self._rules, parts, strict=True)]
        filled = {rule.name: count for rule, (_, count) in zip(self._rules, columns, strict=True) if count}
        blocks = [block for block, _ in columns]
        if self._columns:
            return Columns(tuple(block[:, 0] for block in blocks), self._kinds), filled
        return self._matrix(blocks), filled

    def _sound(self, matrix: NDArray[Any]) -> bool:
        """Return whether a matrix surely meets all rules of a plain contract; False means: look closer."""
        rows = len(matrix)
        if matrix.dtype != _FLOAT64 or not rows or (self._max_rows is not None and rows > self._max_rows):
            return False
        if not all_finite(matrix):
            return False
        if self._lows is not None and not (matrix >= self._lows).all():
            return False
        return self._highs is None or bool((matrix <= self._highs).all())

    def _require_rows(self, rows: int) -> None:
        if not rows:
            raise BadRequest("the request holds no rows")
        if self._max_rows is not None and rows > self._max_rows:
            raise BadRequest(
                f"the request holds {rows} rows; this model takes at most {self._max_rows} at a time"
            )

    def _as_matrix(self, tensors: Sequence[Tensor]) -> Tensor | None:
        """Return the only tensor if it holds all columns at once."""
        if len(tensors) != 1:
            return None
        (tensor,) = tensors
        if tensor.array.ndim == 2 and tensor.array.shape[1] == self._width:
            return tensor
        if tensor.name in self._names and len(self._rules) == 1 and self._width == 1:
            return None
        if tensor.name not in self._names or len(self._rules) == 1:
            raise BadRequest(
                f"input '{tensor.name}' has shape {tensor.shape}; this model takes [n, {self._width}]{self._or_named()}"
            )
        return None

    def _or_named(self) -> str:
        if len(self._rules) == 1:
            return ""
        return f", or one tensor [n] for each of its {len(self._rules)} inputs"

    def _split(self, tensor: Tensor) -> list[Part]:
        parts: list[Part] = []
        start = 0
        for rule in self._rules:
            parts.append((tensor, tensor.array[:, start : start + rule.width]))
            start += rule.width
        return parts

    def _by_name(self, tensors: Sequence[Tensor]) -> list[Part]:
        given = {tensor.name: tensor for tensor in tensors}
        if unknown := [name for name in given if name not in self._names]:
            raise BadRequest(
                f"unknown input {_listed(unknown)}; this model takes {_listed([rule.name for rule in self._rules])}"
            )
        if missing := [rule.name for rule in self._rules if rule.required and rule.name not in given]:
            raise BadRequest(f"missing input {_listed(missing)}")
        columns = {rule.name: _column(rule, given[rule.name]) for rule in self._rules if rule.name in given}
        first, rows = next((name, len(values)) for name, values in columns.items())
        for name, values in columns.items():
            if len(values) != rows:
                raise BadRequest(
                    f"input '{name}' has {len(values)} rows, '{first}' has {rows}: all need the same"
                )
        return [
            (given[rule.name], columns[rule.name]) if rule.name in given else (None, rule.absent(rows))
            for rule in self._rules
        ]

    def _matrix(self, blocks: list[NDArray[Any]]) -> NDArray[Any]:
        if len(blocks) == 1:
            return blocks[0].astype(self._dtype, copy=False)
        return np.concatenate(blocks, axis=1, dtype=self._dtype, casting="unsafe")


def _bounds(rules: Sequence[Rule]) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Return the enforced bounds of every column, or None where no column has one."""
    pairs = np.array([rule.bounds for rule in rules for _ in range(rule.width)])
    lows, highs = pairs[:, 0], pairs[:, 1]
    return (
        None if np.isinf(lows).all() else np.ascontiguousarray(lows),
        None if np.isinf(highs).all() else np.ascontiguousarray(highs),
    )


def _column(rule: Rule, tensor: Tensor) -> NDArray[Any]:
    """Return one input's tensor as [n, width]."""
    array = tensor.array
    if array.ndim == 1 and rule.width == 1:
        return array.reshape(-1, 1)
    if array.ndim == 2 and array.shape[1] == rule.width:
        return array
    wanted = "[n] or [n, 1]" if rule.width == 1 else f"[n, {rule.width}]"
    raise BadRequest(f"input '{rule.name}' has shape {tensor.shape}, it must be {wanted}")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
