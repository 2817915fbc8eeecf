"""The scaling steps before a model, as the few array operations that scikit-learn itself would do, in float64.

scikit-learn checks its input anew at every step of a pipeline, which costs a hundred times what the step does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Step:
    """One fitted transformer. Both ways may write into the matrix they get, and return one of the same shape."""

    forward: Callable[[Matrix], Matrix]
    backward: Callable[[Matrix], Matrix]
    """Near enough the inverse: for finding raw values that land on a split."""


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
            return _shifted_and_divided(
                transformer.mean_ if transformer.with_mean else None,
                transformer.scale_ if transformer.with_std else None,
            )
        case "RobustScaler":
            return _shifted_and_divided(
                transformer.center_ if transformer.with_centering else None,
                transformer.scale_ if transformer.with_scaling else None,
            )
        case "MaxAbsScaler" if not getattr(transformer, "clip", False):
            return _shifted_and_divided(None, transformer.scale_)
        case "MinMaxScaler" if not transformer.clip:
            return _multiplied_and_shifted(transformer.scale_, transformer.min_)
        case _:
            return None


def _shifted_and_divided(shift: Matrix | None, divisor: Matrix | None) -> Step:
    def forward(x: Matrix) -> Matrix:
        if shift is not None:
            x = x - shift
        return x if divisor is None else x / divisor

    def backward(x: Matrix) -> Matrix:
        if divisor is not None:
            x = x * divisor
        return x if shift is None else x + shift

    return Step(forward, backward)


def _multiplied_and_shifted(factor: Matrix, shift: Matrix) -> Step:
    return Step(lambda x: x * factor + shift, lambda x: (x - shift) / factor)


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
