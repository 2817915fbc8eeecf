"""An engine that answers a plain matrix by itself, and passes what it is unsure of to scikit-learn.

Unsure: rows with a number scikit-learn may refuse (it then says so in its own words), and more rows at once than it is
the faster for.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_predictor.engines import heads, linear, scikit_trees, walkers
from slipway_predictor.engines.base import Cost, Engine
from slipway_predictor.engines.boosters import Booster, read_booster
from slipway_predictor.engines.native import available, native_walker
from slipway_predictor.engines.steps import Step, forward, read_pipeline
from slipway_predictor.engines.trees import Ensemble
from slipway_predictor.features import Columns, Table

Matrix = NDArray[np.float64]
Raw = Callable[[Matrix], Matrix | None]
_EXACT = 2**53  # up to here every whole number is a float64


@dataclass(frozen=True)
class Plan:
    """A pipeline taken apart: scaling steps, then raw numbers in one or more ways, fastest first, then the head."""

    steps: Sequence[Step]
    ways: Sequence[tuple[str, Raw]]
    head: heads.Head
    ensemble: Ensemble | None = None
    tolerance: float = 1e-9
    """What numbers may differ by, relative to the larger of 1 and the number. Labels must be the same."""


class CompiledEngine:
    """A plan carried out in one of its ways."""

    def __init__(self, name: str, plan: Plan, raw: Raw, reference: Engine) -> None:
        self.name = name
        self.cost: Cost | None = None
        self.limit: int | None = None
        """Above this many rows scikit-learn is asked, being the faster; None: never."""
        self._steps = plan.steps
        self._raw = raw
        self._head = plan.head
        self._reference = reference

    def predict(self, table: Table, outputs: Collection[str]) -> dict[str, NDArray[Any]]:
        """Return the named outputs, as the Engine interface says."""
        if self.limit is None or len(table) <= self.limit:
            x = matrix_of(table)
            raw = None if x is None else self._raw(forward(self._steps, x))
            if raw is not None:
                return self._head(raw, outputs)
        return self._reference.predict(table, outputs)


def read_plan(estimator: Any) -> Plan | None:
    """Return how to compute a fitted estimator without scikit-learn, or None where that is not known here."""
    taken_apart = read_pipeline(estimator)
    if taken_apart is None:
        return None
    steps, model = taken_apart
    if (found := linear.read_linear(model)) is not None:
        raw, head = found
        return Plan(steps, [("linear", raw)], head)
    if (ensemble := scikit_trees.read_ensemble(model)) is not None:
        return Plan(steps, *_walked(ensemble, steps, _tree_head(model)))
    if (booster := read_booster(model)) is not None:
        return _boosted(booster, steps)
    return None


def _boosted(booster: Booster, steps: list[Step]) -> Plan | None:
    if booster.ensemble is not None:
        return Plan(steps, *_walked(booster.ensemble, steps, booster.head), booster.tolerance)
    if booster.call is None:
        return None
    return Plan(steps, [("booster", booster.call)], booster.call_head, None, booster.tolerance)


def _walked(
    ensemble: Ensemble, steps: list[Step], head: heads.Head
) -> tuple[list[tuple[str, Raw]], heads.Head, Ensemble]:
    if steps:  # a scaling step refuses infinity, whatever the model does
        ensemble = replace(ensemble, refuses_infinity=True)
    ways = [("trees-numpy", walkers.numpy_walker(ensemble))]
    if available():
        ways.insert(0, ("trees-native", native_walker(ensemble)))
    return ways, head, ensemble


def _tree_head(model: Any) -> heads.Head:
    classes = getattr(model, "classes_", None)
    kind = type(model).__name__
    if classes is None:
        return heads.value if kind != "HistGradientBoostingRegressor" else _linked(model._loss.link.inverse)
    if "GradientBoosting" in kind:
        return heads.scored(classes, model._loss.predict_proba, at_zero=0 if kind.startswith("Hist") else 1)
    return heads.averaged(classes)


def _linked(link: Callable[[Any], Any]) -> heads.Head:
    return lambda raw, outputs: dict.fromkeys(outputs, link(raw[:, 0]))


def matrix_of(table: Table) -> Matrix | None:
    """Return a table as one matrix of float64, or None where that would lose something: text, or large whole numbers."""
    if not isinstance(table, Columns):
        return table if table.dtype == np.float64 else None
    for array in table.arrays:
        kind = array.dtype.kind
        if kind not in "fiub" or (kind in "iu" and (np.abs(array) > _EXACT).any()):
            return None
    return np.stack(table.arrays, axis=1, dtype=np.float64, casting="unsafe")
