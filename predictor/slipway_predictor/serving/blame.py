"""Whose fault it is that a model gave no answer: the client's, where a number is too large for anybody to compute with.

1e30 is a finite number, but scaled, squared and cast to single precision, as many estimators do, it becomes infinity,
over which the model then falls. Looked at only when the model has failed: one that copes with 1e300 answers.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_contract import Input
from slipway_predictor.features import LARGEST, Columns, Table
from slipway_predictor.protocol import Rejected


def too_large(table: Table, inputs: Sequence[Input]) -> Rejected | None:
    """Return a refusal that names the first number in the table beyond the largest, or None if there is none."""
    for entry, column, values in _numbers(table, inputs):
        beyond = (np.abs(values) > LARGEST) & np.isfinite(values)
        if beyond.any():
            row = int(np.argmax(beyond))
            where = f"row {row}" if entry.columns is None else f"row {row}, column {column}"
            return Rejected(
                f"input '{entry.name}', {where}: {values[row]:g} is too large a number for this model to compute with",
                entry.name,
            )
    return None


def _numbers(table: Table, inputs: Sequence[Input]) -> Iterator[tuple[Input, int, NDArray[Any]]]:
    """Yield each column of floats with its input and its place in that."""
    arrays = table.arrays if isinstance(table, Columns) else np.asarray(table).T
    owners = [(entry, column) for entry in inputs for column in range(entry.width)]
    for (entry, column), values in zip(owners, arrays, strict=True):
        if values.dtype.kind == "f":
            yield entry, column, values
        elif values.dtype.kind == "O":
            yield entry, column, np.array([v if isinstance(v, float) else 0.0 for v in values])
