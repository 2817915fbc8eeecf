"""An engine that answers a plain matrix by itself, and passes what it is unsure of to the model's own library.

Unsure: rows with a number the library may refuse (it then says so in its own words), and more rows at once than it is
the faster for. Where the library is not loaded, it refuses what that would refuse.
"""

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_predictor.engines.base import Cost, Engine
from slipway_predictor.engines.plan import Matrix, Plan, Raw
from slipway_predictor.engines.steps import forward
from slipway_predictor.features import Columns, Table

_EXACT = 2**53  # up to here every whole number is a float64


class CompiledEngine:
    """A plan carried out in one of its ways. `reference`: the model's own library, where it is loaded."""

    def __init__(self, name: str, plan: Plan, raw: Raw, reference: Engine | None) -> None:
        self.name = name
        self.cost: Cost | None = None
        self.limit: int | None = None
        """Above this many rows the reference is asked, being the faster; None: never."""
        self._steps = plan.steps
        self._raw = raw
        self._answer = plan.head.answer()
        self._reference = reference

    def predict(self, table: Table, outputs: Collection[str]) -> dict[str, NDArray[Any]]:
        """Return the named outputs, as the Engine interface says."""
        if self.limit is None or len(table) <= self.limit:
            x = matrix_of(table)
            raw = None if x is None else self._raw(forward(self._steps, x))
            if raw is not None:
                return self._answer(raw, outputs)
        if self._reference is None:
            return self._alone(table, outputs)
        return self._reference.predict(table, outputs)

    def _alone(self, table: Table, outputs: Collection[str]) -> dict[str, NDArray[Any]]:
        raw = self._raw(forward(self._steps, _rounded(table)))
        if raw is None:
            raise ValueError("the rows hold NaN or infinity, or become that on their way to the model")
        return self._answer(raw, outputs)


def matrix_of(table: Table) -> Matrix | None:
    """Return a table as one matrix of float64, or None where that would lose something: text, categories, or large whole
    numbers.
    """
    if not isinstance(table, Columns):
        return table if table.dtype == np.float64 else None
    if table.kinds:
        return None
    for array in table.arrays:
        kind = array.dtype.kind
        if kind not in "fiub" or (kind in "iu" and (np.abs(array) > _EXACT).any()):
            return None
    return _rounded(table)


def _rounded(table: Table) -> Matrix:
    """Return a table of numbers as float64; whole numbers beyond 2^53 become the nearest."""
    if not isinstance(table, Columns):
        return table.astype(np.float64, copy=False)
    return np.stack(table.arrays, axis=1, dtype=np.float64, casting="unsafe")
