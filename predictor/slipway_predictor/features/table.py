"""What is between the contract's checks and an engine: the rows of one request, or of several asked in one call.

Plain arrays on purpose: they are joined in a microsecond, while a pandas frame costs a hundred to make. An engine that
needs a frame makes it once a call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from slipway_contract import Scalar

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Categories:
    """The categories, in their order, that a column has in a data frame; numpy has no type for that."""

    values: tuple[Scalar, ...]
    ordered: bool

    @cached_property
    def _dtype(self) -> "pd.CategoricalDtype":
        import pandas as pd

        return pd.CategoricalDtype(list(self.values), ordered=self.ordered)

    @cached_property
    def _codes(self) -> dict[Scalar, int]:
        return {value: code for code, value in enumerate(self.values)}

    def column(self, array: NDArray[Any]) -> "pd.Categorical":
        """Return the values as such a column; one that is no category is a missing one, as it is to pandas."""
        import pandas as pd

        codes = [self._codes.get(value, -1) for value in array.tolist()]
        return pd.Categorical.from_codes(codes, dtype=self._dtype)


@dataclass(frozen=True)
class Zone:
    """The zone that a column's times have in a data frame; numpy's, and those of a request, are in UTC."""

    name: str

    def column(self, array: NDArray[Any]) -> "pd.DatetimeIndex":
        """Return the times as such a column."""
        import pandas as pd

        return pd.DatetimeIndex(array).tz_localize("UTC").tz_convert(self.name)


@dataclass(frozen=True, slots=True)
class Columns:
    """One array [n] for each column, of its own type."""

    arrays: tuple[NDArray[Any], ...]
    kinds: tuple[Categories | Zone | None, ...] = ()
    """What each column is in a data frame, where numpy has no type for that; empty where it has one for all."""

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __getitem__(self, rows: slice) -> "Columns":
        return Columns(tuple(array[rows] for array in self.arrays), self.kinds)


Table = NDArray[Any] | Columns
"""A matrix [n, k], or k columns. Either has a length and can be cut by a slice, without copying."""


def join(tables: Sequence[Table]) -> Table:
    """Return the rows of `tables`, which are of one form, one after the other."""
    first = tables[0]
    if len(tables) == 1:
        return first
    if isinstance(first, Columns):
        parts = zip(*(cast("Columns", table).arrays for table in tables), strict=True)
        return Columns(tuple(np.concatenate(part) for part in parts), first.kinds)
    return np.concatenate(cast("Sequence[NDArray[Any]]", tables))


def to_frame(table: Table, names: Sequence[str]) -> "pd.DataFrame":
    """Return the table as a data frame whose columns have these names."""
    import pandas as pd

    if isinstance(table, Columns):
        kinds = table.kinds or [None] * len(table.arrays)
        columns = [
            array if kind is None else kind.column(array)
            for array, kind in zip(table.arrays, kinds, strict=True)
        ]
        return pd.DataFrame(dict(zip(names, columns, strict=True)), copy=False)
    return pd.DataFrame(table, columns=list(names), copy=False)
