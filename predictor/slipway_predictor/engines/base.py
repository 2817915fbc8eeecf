"""The interface of an engine."""

from collections.abc import Collection
from typing import Any, Protocol

from numpy.typing import NDArray

from slipway_predictor.features import Table


class Engine(Protocol):
    """Something that answers tables. Called from several threads at once."""

    @property
    def name(self) -> str:
        """What metrics and logs call it."""

    def predict(self, table: Table, outputs: Collection[str]) -> dict[str, NDArray[Any]]:
        """Return the named outputs for a table of n rows, each [n] or [n, k]. Raises whatever the model raises."""
