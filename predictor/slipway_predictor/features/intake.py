"""The bundle's contract, applied to the tensors of a request: names, shapes, types, finite values; then the table.

Two forms are taken, whatever the contract names its inputs: one tensor per input (`[n]` or `[n, 1]`; `[n, k]` for a
matrix input), or all columns in order as a single matrix `[n, k]` under any name.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_contract import Input, ValueType
from slipway_predictor.features.table import Columns, Table
from slipway_predictor.features.values import convert
from slipway_predictor.protocol import BadRequest, Tensor

_SHOWN = 5  # names in a message


class Intake:
    """A contract's inputs, ready to be applied."""

    def __init__(self, inputs: Sequence[Input], *, framed: bool) -> None:
        """`framed`: the pipeline was fitted on a data frame, so that columns of other types than float keep theirs."""
        self._inputs = tuple(inputs)
        self._names = frozenset(entry.name for entry in inputs)
        self._width = sum(entry.width for entry in inputs)
        self._columns = framed and any(entry.type is not ValueType.FLOAT for entry in inputs)

    def table(self, tensors: Sequence[Tensor]) -> Table:
        """Return the table for the pipeline, one row for each of the request's.

        Raises BadRequest when the tensors are not what the contract asks for.
        """
        whole = self._as_matrix(tensors)
        parts = self._split(whole) if whole is not None else self._by_name(tensors)
        blocks = [
            convert(entry.name, entry.type, tensor, values)
            for entry, (tensor, values) in zip(self._inputs, parts, strict=True)
        ]
        if len(blocks[0]) == 0:
            raise BadRequest("the request holds no rows")
        if self._columns:
            return Columns(tuple(block[:, 0] for block in blocks))
        return self._matrix(blocks)

    def _as_matrix(self, tensors: Sequence[Tensor]) -> Tensor | None:
        """Return the only tensor if it holds all columns at once."""
        if len(tensors) != 1:
            return None
        (tensor,) = tensors
        if tensor.array.ndim == 2 and tensor.array.shape[1] == self._width:
            return tensor
        if tensor.name in self._names and len(self._inputs) == 1 and self._width == 1:
            return None
        if tensor.name not in self._names or len(self._inputs) == 1:
            raise BadRequest(
                f"input '{tensor.name}' has shape {tensor.shape}; this model takes [n, {self._width}]{self._or_named()}"
            )
        return None

    def _or_named(self) -> str:
        if len(self._inputs) == 1:
            return ""
        return f", or one tensor [n] for each of its {len(self._inputs)} inputs"

    def _split(self, tensor: Tensor) -> list[tuple[Tensor, NDArray[Any]]]:
        parts = []
        start = 0
        for entry in self._inputs:
            parts.append((tensor, tensor.array[:, start : start + entry.width]))
            start += entry.width
        return parts

    def _by_name(self, tensors: Sequence[Tensor]) -> list[tuple[Tensor, NDArray[Any]]]:
        given = {tensor.name: tensor for tensor in tensors}
        if unknown := [name for name in given if name not in self._names]:
            raise BadRequest(
                f"unknown input {_listed(unknown)}; this model takes {_listed([e.name for e in self._inputs])}"
            )
        if missing := [entry.name for entry in self._inputs if entry.name not in given]:
            raise BadRequest(f"missing input {_listed(missing)}")
        parts = [(given[entry.name], _column(entry, given[entry.name])) for entry in self._inputs]
        rows = len(parts[0][1])
        for tensor, values in parts:
            if len(values) != rows:
                raise BadRequest(
                    f"input '{tensor.name}' has {len(values)} rows, '{parts[0][0].name}' has {rows}: all need the same"
                )
        return parts

    def _matrix(self, blocks: list[NDArray[Any]]) -> NDArray[Any]:
        textual = any(entry.type is ValueType.STRING for entry in self._inputs)
        dtype = object if textual else np.float64
        if len(blocks) == 1:
            return blocks[0].astype(dtype, copy=False)
        return np.concatenate(blocks, axis=1, dtype=dtype, casting="unsafe")


def _column(entry: Input, tensor: Tensor) -> NDArray[Any]:
    """Return one input's tensor as [n, width]."""
    array = tensor.array
    if array.ndim == 1 and entry.width == 1:
        return array.reshape(-1, 1)
    if array.ndim == 2 and array.shape[1] == entry.width:
        return array
    wanted = "[n] or [n, 1]" if entry.width == 1 else f"[n, {entry.width}]"
    raise BadRequest(f"input '{entry.name}' has shape {tensor.shape}, it must be {wanted}")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
