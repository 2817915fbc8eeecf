"""From a model's raw numbers to its outputs: what its library does after the sums, bit for bit its operations.

A head is plain data, so that it can be kept in a file: its kind, the link function by name, the classes.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from slipway_predictor.engines.links import LINKS, Link

Matrix = NDArray[np.float64]
Answer = Callable[[Matrix, Collection[str]], dict[str, NDArray[Any]]]
"""From raw numbers [n, columns] and the wanted outputs to those outputs."""

Kind = Literal["value", "values", "averaged", "scored", "ranked"]
"""value: a regressor's answer, [n] where there is one column. values: the same, [n, 1] there. averaged: the raw numbers are
probabilities already. scored: they are scores, one column for two classes, else one a class. ranked: the label is the class
of the highest probability."""
KINDS: tuple[str, ...] = get_args(Kind)
REGRESSORS = ("value", "values")


@dataclass(frozen=True)
class Head:
    """What becomes of the raw numbers."""

    kind: Kind
    link: str = "identity"
    """A name in LINKS: to the value, or to probabilities [n, classes] (`ranked` with two: the second one's alone)."""
    classes: NDArray[Any] | None = None
    """Of a classifier."""
    at_zero: int = 0
    """The class, 0 or 1, of a `scored` row that is exactly between the two."""
    steepness: float = 1.0
    """What a sum is multiplied by before its link, for links that have that."""

    def answer(self) -> Answer:
        """Return it as a function."""
        link = LINKS[self.link](self.steepness)
        if self.kind in REGRESSORS:
            return _value(link, flat=self.kind == "value")
        assert self.classes is not None  # noqa: S101 (only regressors have none)
        if self.kind == "averaged":
            return _averaged(self.classes)
        if self.kind == "scored":
            return _scored(self.classes, link, self.at_zero)
        return _ranked(self.classes, link)


def _value(link: Link, *, flat: bool) -> Answer:
    def answer(raw: Matrix, outputs: Collection[str]) -> dict[str, NDArray[Any]]:
        values = link(raw)
        return dict.fromkeys(outputs, values[:, 0] if flat and values.shape[1] == 1 else values)

    return answer


def _averaged(classes: NDArray[Any]) -> Answer:
    def answer(raw: Matrix, outputs: Collection[str]) -> dict[str, NDArray[Any]]:
        return {name: raw if name == "probability" else classes.take(raw.argmax(axis=1)) for name in outputs}

    return answer


def _scored(classes: NDArray[Any], probability: Link, at_zero: int) -> Answer:
    two = len(classes) == 2
    above = np.greater_equal if at_zero else np.greater

    def label(raw: Matrix) -> NDArray[Any]:
        return classes.take(above(raw[:, 0], 0).view(np.int8) if two else raw.argmax(axis=1))

    def answer(raw: Matrix, outputs: Collection[str]) -> dict[str, NDArray[Any]]:
        return {name: probability(raw) if name == "probability" else label(raw) for name in outputs}

    return answer


def _ranked(classes: NDArray[Any], probability: Link) -> Answer:
    def answer(raw: Matrix, outputs: Collection[str]) -> dict[str, NDArray[Any]]:
        all_of_them = probability(raw)
        if all_of_them.shape[1] == 1:
            all_of_them = np.concatenate([1 - all_of_them, all_of_them], axis=1)
        return {
            name: all_of_them if name == "probability" else classes.take(all_of_them.argmax(axis=1))
            for name in outputs
        }

    return answer
