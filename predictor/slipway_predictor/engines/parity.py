"""Does a faster engine answer as scikit-learn does? Asked once at load, on the rows that would show that it does not.

Random rows find nothing: an engine that rounds in another place differs only for rows that lie on a split. So rows are
made for the splits themselves, some fractions of a float32 step to either side, such that they get to that split; and
for the ends of the number range, where scikit-learn raises and an engine must raise, too.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_predictor.engines.base import Engine
from slipway_predictor.engines.plan import Plan
from slipway_predictor.engines.steps import backward, forward
from slipway_predictor.engines.trees import Ensemble
from slipway_predictor.features import Table

Matrix = NDArray[np.float64]

_SPLITS = 200
_OFFSETS = (0.0, -1.0, -0.75, -0.5, -0.25, 0.25, 0.5, 0.75, 1.0)  # in float32 steps from the threshold
_EDGES = (0.0, -0.0, 1e-45, -1e-40, 1e30, -1e30, 3.4028234e38, 3.5e38, 1e300, np.inf, -np.inf, np.nan)


@dataclass(frozen=True)
class Parity:
    """The outcome: `failure` says what differed, None if nothing did."""

    rows: int
    difference: float
    """The largest between two numbers."""
    allowed: float
    failure: str | None = None


def compare(
    engine: Engine,
    reference: Engine,
    outputs: Sequence[str],
    tables: Sequence[Table],
    allowed: float,
) -> Parity:
    """Ask both for each of the tables. `allowed` is a plan's tolerance. Raises nothing that an engine raises."""
    rows, largest = 0, 0.0
    for table in filter(len, tables):
        parity = _compared(engine, reference, outputs, table, allowed)
        rows, largest = rows + parity.rows, max(largest, parity.difference)
        if parity.failure is not None:
            return Parity(rows, largest, allowed, parity.failure)
    return Parity(rows, largest, allowed)


def _compared(
    engine: Engine, reference: Engine, outputs: Sequence[str], rows: Table, allowed: float
) -> Parity:
    expected, actual = asked(reference, rows, outputs), asked(engine, rows, outputs)
    if isinstance(expected, str) or isinstance(actual, str):
        failure = None if expected == actual else f"scikit-learn: {_said(expected)}, here: {_said(actual)}"
        return Parity(len(rows), 0.0, allowed, failure)
    largest = 0.0
    for name in outputs:
        difference = _difference(expected[name], actual[name])
        largest = max(largest, difference)
        if not difference <= allowed:
            return Parity(len(rows), difference, allowed, f"{name} differs by {difference:.2g}")
    return Parity(len(rows), largest, allowed)


def asked(engine: Engine, rows: Table, outputs: Sequence[str]) -> dict[str, NDArray[Any]] | str:
    """Return what an engine answers, without its warnings, or the name of what it raises."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return engine.predict(rows, outputs)
        except Exception as error:
            return type(error).__name__


def _said(answer: dict[str, NDArray[Any]] | str) -> str:
    return f"raised {answer}" if isinstance(answer, str) else "answered"


def _difference(expected: NDArray[Any], actual: NDArray[Any]) -> float:
    """Return the largest relative difference; infinity where shape, type or a label differs."""
    if expected.shape != actual.shape or expected.dtype != actual.dtype:
        return float("inf")
    if expected.dtype.kind != "f":
        return 0.0 if np.array_equal(expected, actual) else float("inf")
    same = (expected == actual) | (np.isnan(expected) & np.isnan(actual))
    if same.all():
        return 0.0
    expected, actual = expected[~same], actual[~same]
    return float(np.max(np.abs(expected - actual) / np.maximum(1.0, np.abs(expected))))


def probing_rows(plan: Plan, known: Matrix) -> Matrix:
    """Return rows [n, features] made of `known` ones [m, features] that lie on the plan's splits, or far out."""
    if not isinstance(plan.model, Ensemble):
        spread = np.array([-1000.0, -1.0, -1e-3, 0.0, 1e-3, 0.5, 2.0, 1000.0])
        return np.concatenate([known * factor for factor in spread])
    with np.errstate(all="ignore"):
        inside = forward(plan.steps, known)
        at_splits = backward(plan.steps, _rows_at_splits(plan.model, inside))
    return at_splits[np.isfinite(at_splits).all(axis=1)]


def edge_rows(known: Matrix) -> Matrix:
    """Return copies of a known row, each with one value from the ends of the number range."""
    features = known.shape[1]
    rows = np.repeat(known[:1], len(_EDGES), axis=0)
    rows[np.arange(len(_EDGES)), np.arange(len(_EDGES)) % features] = _EDGES
    return rows


def _rows_at_splits(ensemble: Ensemble, known: Matrix) -> Matrix:
    nodes = ensemble.nodes
    splits = np.flatnonzero(nodes["left"] != np.arange(len(nodes)))
    if not len(splits):
        return known[:0]
    chosen = np.unique(splits[np.linspace(0, len(splits) - 1, _SPLITS).astype(int)])
    parents = np.full(len(nodes), -1)
    parents[nodes["left"][splits]] = parents[nodes["left"][splits] + 1] = splits
    rows = []
    for count, split in enumerate(chosen):
        row = _led_to(nodes, parents, int(split), known[count % len(known)])
        feature, threshold = int(nodes["feature"][split]), float(nodes["threshold"][split])
        step = float(np.spacing(np.float32(abs(threshold)))) if abs(threshold) < 1e38 else 0.0
        for value in _beside(threshold, step):
            row[feature] = value
            rows.append(row.copy())
    return np.array(rows)


def _beside(threshold: float, step: float) -> list[float]:
    """Return numbers at a split and around it, `step` being one of float32, and the two doubles next to it."""
    near = [threshold + offset * step for offset in _OFFSETS]
    return [*near, float(np.nextafter(threshold, -np.inf)), float(np.nextafter(threshold, np.inf))]


def _led_to(nodes: NDArray[Any], parents: NDArray[Any], split: int, row: Matrix) -> Matrix:
    """Return `row` changed so far that it comes to `split` on its way down the tree."""
    row = row.copy()
    low, high = np.full(len(row), -np.inf), np.full(len(row), np.inf)
    child = split
    while (parent := int(parents[child])) >= 0:
        feature, threshold = int(nodes["feature"][parent]), float(nodes["threshold"][parent])
        if child == nodes["left"][parent]:
            high[feature] = min(high[feature], threshold)
        else:
            low[feature] = max(low[feature], threshold)
        child = parent
    between = np.where(np.isfinite(high), low / 2 + high / 2, low + np.abs(low) * 1e-3 + 1e-3)
    row = np.where(row <= low, between, row)
    return np.where(row > high, np.where(np.isfinite(low), between, high), row)
