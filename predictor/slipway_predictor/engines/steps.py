"""The scaling steps before a model, as the few array operations that scikit-learn itself would do, in float64.

scikit-learn checks its input anew at every step of a pipeline, which costs a hundred times what the step does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Scaling:
    """`(x - shift) / divisor`, either of which may be absent."""

    shift: Matrix | None
    divisor: Matrix | None

    def forward(self, x: Matrix) -> Matrix:
        """Return what comes out of this step."""
        if self.shift is not None:
            x = x - self.shift
        return x if self.divisor is None else x / self.divisor

    def backward(self, x: Matrix) -> Matrix:
        """Return near enough what went in: for finding raw values that land on a split."""
        if self.divisor is not None:
            x = x * self.divisor
        return x if self.shift is None else x + self.shift


@dataclass(frozen=True)
class Affine:
    """`x * factor + shift`."""

    factor: Matrix
    shift: Matrix

    def forward(self, x: Matrix) -> Matrix:
        """Return what comes out of this step."""
        return x * self.factor + self.shift

    def backward(self, x: Matrix) -> Matrix:
        """Return near enough what went in."""
        return (x - self.shift) / self.factor


Step = Scaling | Affine
"""One fitted transformer, as plain numbers. Neither way writes into the matrix it gets."""


def read_pipeline(estimator: Any) -> tuple[list[Step], Any] | None:
    """Return the steps before the model and the model, or None where a step is not one of those known here."""
    from sklearn.pipeline import Pipeline

    if type(estimator).__module__.startswith("sklearn.model_selection._search"):
        estimator = estimator.best_estimator_  # what a search found answers for it
    if type(estimator) is not Pipeline:
        return [], estimator
    *before, (_, model) = estimator.steps
    steps = []
    for _, transformer in before:
        if transformer is None or transformer == "passthrough":
            continue
        step = _read(transformer)
        if step is None:
            return None
        steps.append(step)
    return steps, model


def _read(transformer: Any) -> Step | None:
    if not type(transformer).__module__.startswith("sklearn."):
        return None
    match type(transformer).__name__:
        case "StandardScaler":
            return Scaling(
                transformer.mean_ if transformer.with_mean else None,
                transformer.scale_ if transformer.with_std else None,
            )
        case "RobustScaler":
            return Scaling(
                transformer.center_ if transformer.with_centering else None,
                transformer.scale_ if transformer.with_scaling else None,
            )
        case "MaxAbsScaler" if not getattr(transformer, "clip", False):
            return Scaling(None, transformer.scale_)
        case "MinMaxScaler" if not transformer.clip:
            return Affine(transformer.scale_, transformer.min_)
        case _:
            return None


def forward(steps: Sequence[Step], x: Matrix) -> Matrix:
    """Return what the model sees of the raw rows `x`."""
    for step in steps:
        x = step.forward(x)
    return x


def backward(steps: Sequence[Step], x: Matrix) -> Matrix:
    """Return raw rows that look about like `x` to the model."""
    for step in reversed(steps):
        x = step.backward(x)
    return x
