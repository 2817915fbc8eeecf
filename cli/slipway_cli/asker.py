"""Asking a model for its typical row with other values in it: what a pipeline has no answer to shows only so."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from slipway_contract import Input
from slipway_predictor.bundle.infer import all_finite_answers, table_of
from slipway_predictor.engines import Reference
from slipway_predictor.features import Columns, Table, example_request

_CELLS = 1_000_000  # of one call: a row has as many as the model has columns

Change = tuple[int, Any]
"""A column, and what stands in it instead of what is typical."""


@dataclass(frozen=True)
class Asker:
    """Asks a model for its typical row with other values in it."""

    engine: Reference
    inputs: list[Input]
    """One for each column."""
    names: list[str]
    """Its outputs."""

    def answers(self, changes: Sequence[Change]) -> bool:
        """Return whether the model answers to each of so many rows, which have one other value each."""
        rows = max(1, _CELLS // len(self.inputs))
        return all(self._answers(changes[at : at + rows]) for at in range(0, len(changes), rows))

    def _answers(self, changes: Sequence[Change]) -> bool:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a logarithm, for one
                answers = self.engine.predict(_changed(self._typical, changes), self.names)
        except MemoryError:
            raise
        except Exception:
            return False
        return all_finite_answers(answers)

    @cached_property
    def _typical(self) -> Table:
        return table_of(self.inputs, example_request(self.inputs), framed=self.engine.framed)


def _changed(row: Table, changes: Sequence[Change]) -> Table:
    """Return the row once for each change, with that in it."""
    count = len(changes)
    if isinstance(row, Columns):
        arrays = [np.repeat(array, count) for array in row.arrays]
        for place, (at, value) in enumerate(changes):
            arrays[at][place] = value
        return Columns(tuple(arrays), row.kinds)
    matrix = np.repeat(row, count, axis=0)
    for place, (at, value) in enumerate(changes):
        matrix[place, at] = value
    return matrix
