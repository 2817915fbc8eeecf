"""The interface of an engine."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from slipway_contract import Output, ValueType
from slipway_predictor.features import Table


@dataclass(frozen=True, slots=True)
class Cost:
    """What a call takes, in seconds: `fixed + rows * per_row`."""

    fixed: float
    per_row: float

    def of(self, rows: int) -> float:
        """Return the seconds a call with `rows` rows is expected to take."""
        return self.fixed + rows * self.per_row


_TYPES = {"f": ValueType.FLOAT, "i": ValueType.INT, "u": ValueType.INT, "b": ValueType.BOOL}


def output_of(name: str, answer: NDArray[Any]) -> Output:
    """Return an answer [n] or [n, k] as the contract describes it; what is no number is text."""
    columns = answer.shape[1] if answer.ndim == 2 else None
    return Output(name=name, type=_TYPES.get(answer.dtype.kind, ValueType.STRING), columns=columns)


class Engine(Protocol):
    """Something that answers tables. Called from several threads at once."""

    @property
    def name(self) -> str:
        """What metrics and logs call it."""

    @property
    def cost(self) -> "Cost | None":
        """What a call takes; None where that cannot be told, because it may depend on more than the number of rows."""

    def predict(self, table: Table, outputs: Collection[str]) -> dict[str, NDArray[Any]]:
        """Return the named outputs for a table of n rows, each [n] or [n, k]. Raises whatever the model raises."""


class Reference(Engine, Protocol):
    """The engine that others are measured by: the model as its own library calls it."""

    cost: "Cost | None"
    framed: bool
    """Whether columns keep their own types on their way to the model; else they become one matrix."""
    steady: bool
    """Whether a call's time depends on the rows alone."""

    def describe(self, table: Table) -> list[Output]:
        """Return what the model answers, with all outputs it has, seen by asking it for `table`.

        Raises whatever the model raises, and BundleError when an answer does not have one entry a row.
        """


Done = Callable[[dict[str, NDArray[Any]] | Exception], None]
"""Takes the named outputs for the rows that were submitted, or what the model raised."""


class Queue(Protocol):
    """An engine for the event loop: asked without waiting, with many requests' tables joined into one call."""

    def submit(self, table: Table, outputs: Collection[str], done: Done) -> None:
        """Have the table answered; `done` is called once, on the event loop's thread.

        Called on that thread, too. A quick engine may call `done` before this returns.
        """

    def delay(self) -> float:
        """Return after how many seconds what is submitted now will be answered, about. Called on that thread."""
