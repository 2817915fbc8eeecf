"""A pipeline taken apart into plain numbers, and how those are computed with: what a compiled engine carries out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_predictor.engines import scikit_trees, walkers
from slipway_predictor.engines.boosters import Booster, read_booster
from slipway_predictor.engines.heads import Head
from slipway_predictor.engines.linear import Linear, read_linear
from slipway_predictor.engines.native import available, native_walker
from slipway_predictor.engines.steps import Step, read_pipeline
from slipway_predictor.engines.trees import Ensemble

Matrix = NDArray[np.float64]
Raw = Callable[[Matrix], Matrix | None]
Way = tuple[str, Raw]
"""An engine's name and what it does with the rows of a model."""

TOLERANCE = 1e-9


@dataclass(frozen=True)
class Plan:
    """Scaling steps, then raw numbers in one or more ways, fastest first, then the head."""

    steps: Sequence[Step]
    ways: Sequence[Way]
    head: Head
    model: Linear | Ensemble | None = None
    """What the ways compute with; None where they call the model's own library."""
    tolerance: float = TOLERANCE
    """What numbers may differ by, relative to the larger of 1 and the number. Labels must be the same."""


def plan_of(
    steps: Sequence[Step], model: Linear | Ensemble, head: Head, tolerance: float = TOLERANCE
) -> Plan:
    """Return the plan for a model's numbers."""
    if isinstance(model, Linear):
        return Plan(steps, [("linear", model.raw)], head, model, tolerance)
    if steps:  # a scaling step refuses infinity, whatever the model does
        model = replace(model, refuses_infinity=True)
    ways: list[Way] = [("trees-numpy", walkers.numpy_walker(model))]
    if available():
        ways.insert(0, ("trees-native", native_walker(model)))
    return Plan(steps, ways, head, model, tolerance)


def read_plan(estimator: Any) -> Plan | None:
    """Return how to compute a fitted estimator without scikit-learn, or None where that is not known here."""
    taken_apart = read_pipeline(estimator)
    if taken_apart is None:
        return None
    steps, model = taken_apart
    if (found := read_linear(model)) is not None:
        return plan_of(steps, *found)
    if (ensemble := scikit_trees.read_ensemble(model)) is not None:
        head = scikit_trees.read_head(model)
        return None if head is None else plan_of(steps, ensemble, head)
    if (booster := read_booster(model)) is not None:
        return _boosted(booster, steps)
    return None


def _boosted(booster: Booster, steps: list[Step]) -> Plan | None:
    if booster.ensemble is not None:
        return plan_of(steps, booster.ensemble, booster.head, booster.tolerance)
    if booster.call is None:
        return None
    return Plan(steps, [("booster", booster.call)], booster.call_head, None, booster.tolerance)
