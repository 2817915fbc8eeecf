"""What is between the contract's checks and an engine: the rows of one request, or of several asked in one call.

Plain arrays on purpose: they are joined in a microsecond, while a pandas frame costs a hundred to make. An engine that
needs a frame makes it once a call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Columns:
    """One array [n] for each column, of its own type."""

    arrays: tuple[NDArray[Any], ...]

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __getitem__(self, rows: slice) -> "Columns":
        return Columns(tuple(array[rows] for array in self.arrays))


Table = NDArray[Any] | Columns
"""A matrix [n, k], or k columns. Either has a length and can be cut by a slice, without copying."""


def join(tables: Sequence[Table]) -> Table:
    """Return the rows of `tables`, which are of one form, one after the other."""
    first = tables[0]
    if len(tables) == 1:
        return first
    if isinstance(first, Columns):
        parts = zip(*(cast("Columns", table).arrays for table in tables), strict=True)
        return Columns(tuple(np.concatenate(part) for part in parts))
    return np.concatenate(cast("Sequence[NDArray[Any]]", tables))


def to_frame(table: Table, names: Sequence[str]) -> "pd.DataFrame":
    """Return the table as a data frame whose columns have these names."""
    import pandas as pd

    if isinstance(table, Columns):
        return pd.DataFrame(dict(zip(names, table.arrays, strict=True)), copy=False)
    return pd.DataFrame(table, columns=list(names), copy=False)
