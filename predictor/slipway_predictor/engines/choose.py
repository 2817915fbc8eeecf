"""Which engine serves a model: the fastest of those that answer as scikit-learn does. Chosen once, at load."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slipway_predictor.engines.base import Engine, Reference
from slipway_predictor.engines.compiled import CompiledEngine, matrix_of
from slipway_predictor.engines.parity import Parity, compare, edge_rows, probing_rows
from slipway_predictor.engines.plan import Plan, read_plan
from slipway_predictor.engines.timing import SIZES, cost_of, seconds
from slipway_predictor.features import Table


@dataclass(frozen=True)
class Choice:
    """The engine, with its cost, and how it was found."""

    engine: Engine
    parity: Parity | None = None
    """Of the chosen engine, where it is not scikit-learn itself."""
    rejected: tuple[str, ...] = ()
    """Engines that answered differently or could not be made, each with how, as a sentence's part."""
    ahead: bool = False
    """Whether it was compiled where the bundle was made."""

    def describe(self) -> str:
        """Return the choice as a line for the log and the model's metadata."""
        if self.parity is None:
            return self.engine.name
        rows, ours = self.parity.rows, self.engine.name
        equal = (
            f"{ours}, compiled where the bundle was made, answers its {rows} rows as scikit-learn did there"
            if self.ahead
            else f"{ours}, equal to scikit-learn on {rows} rows at its splits and edges"
        )
        return f"{equal} (largest difference {self.parity.difference:.1g}, allowed {self.parity.allowed:.0e})"


def choose(
    estimator: Any,
    reference: Reference,
    outputs: Sequence[str],
    known: Table,
    *,
    compiled: bool = True,
) -> Choice:
    """Return the engine for a fitted estimator.

    `outputs` are those of the contract, `known` rows it can answer: the contract's example, better its golden rows.
    With `compiled` false it is scikit-learn itself, whatever there is.
    Takes as long as a few dozen calls of the estimator.
    """
    matrix = matrix_of(known)
    rejected: list[str] = []
    plan = _plan(estimator, rejected) if matrix is not None and compiled else None
    if plan is None or matrix is None:
        _cost(reference, outputs, known)
        return Choice(reference, rejected=tuple(rejected))
    tables = [known, probing_rows(plan, matrix), *(row[None] for row in edge_rows(matrix))]
    for name, raw in plan.ways:
        engine = CompiledEngine(name, plan, raw, reference)
        parity = compare(engine, reference, outputs, tables, plan.tolerance)
        if parity.failure is None:
            return _timed(engine, reference, outputs, known, parity, tuple(rejected))
        rejected.append(f"{name}: {parity.failure}")
    _cost(reference, outputs, known)
    return Choice(reference, rejected=tuple(rejected))


def _plan(estimator: Any, rejected: list[str]) -> Plan | None:
    """Return the estimator's plan. Another version of its library may keep it in another way: that is no reason to fail."""
    try:
        return read_plan(estimator)
    except Exception as error:
        rejected.append(f"reading {type(estimator).__name__}: {type(error).__name__}: {error}")
        return None


def _timed(
    engine: CompiledEngine,
    reference: Reference,
    outputs: Sequence[str],
    known: Table,
    parity: Parity,
    rejected: tuple[str, ...],
) -> Choice:
    """Return the engine as the choice, bounded to calls of the size at which it is the faster one."""
    ours = {rows: seconds(engine, outputs, known, rows) for rows in SIZES}
    theirs = {rows: seconds(reference, outputs, known, rows) for rows in SIZES}
    faster = [rows for rows in SIZES if ours[rows] <= theirs[rows]]
    if not faster:
        reference.cost = cost_of(theirs)
        return Choice(reference, rejected=rejected)
    if faster[-1] != SIZES[-1]:
        engine.limit = faster[-1]
    engine.cost = cost_of({rows: min(ours[rows], theirs[rows]) for rows in SIZES})
    return Choice(engine, parity, rejected)


def _cost(engine: Reference, outputs: Sequence[str], known: Table) -> None:
    """Find out what scikit-learn's own call costs, if it is steady."""
    if engine.steady:
        measured = {rows: seconds(engine, outputs, known, rows) for rows in SIZES[:2]}
        engine.cost = cost_of(measured) if all(map(math.isfinite, measured.values())) else None
