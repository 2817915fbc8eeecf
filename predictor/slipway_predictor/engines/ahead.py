"""An engine compiled where the bundle is made, so that no server needs the model's library, nor its pickle, to answer.

The same reading and the same comparison as `choose` does at load; what passes is kept as a file, and compared once more,
by answers that are in it, wherever it is loaded.
"""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_contract import Output
from slipway_predictor.engines.base import Engine, Reference, output_of
from slipway_predictor.engines.choose import Choice
from slipway_predictor.engines.compiled import CompiledEngine, matrix_of
from slipway_predictor.engines.native import available
from slipway_predictor.engines.parity import asked, compare, edge_rows, probing_rows
from slipway_predictor.engines.parts import names_of
from slipway_predictor.engines.plan import Plan, read_plan
from slipway_predictor.engines.portable import Compiled, pack
from slipway_predictor.engines.timing import SIZES, cost_of, seconds
from slipway_predictor.engines.trees import Ensemble
from slipway_predictor.features import Table

_KEPT = 256  # rows to compare by; more make the file larger, not the comparison much sharper


def compile_ahead(estimator: Any, reference: Reference, outputs: Sequence[str], known: Table) -> bytes | None:
    """Return a fitted estimator as an engine's file; None where there is no equal engine that is plain numbers.

    `outputs` are those of the contract, `known` rows the estimator can answer.
    """
    matrix = matrix_of(known)
    plan = _plan(estimator)
    if matrix is None or plan is None or plan.model is None:
        return None
    probes = probing_rows(plan, matrix)
    tables = [known, probes, *(row[None] for row in edge_rows(matrix))]
    if compare(_engine(plan), reference, outputs, tables, plan.tolerance).failure is not None:
        return None
    rows = np.concatenate([probes, matrix])[:: max(1, -(-len(probes) // _KEPT))]
    answers = asked(reference, rows, outputs)
    if isinstance(answers, str):
        return None
    names = names_of(estimator)
    listed = None if names is None else [str(name) for name in names]
    return pack(Compiled(plan, listed, matrix.shape[1], rows, answers))


def open_ahead(compiled: Compiled) -> Choice | str:
    """Return the engine in a file as the choice, or why it cannot be used here, as a sentence's part."""
    if isinstance(compiled.plan.model, Ensemble) and not available():
        return "the predictor's C was not compiled here, without which the pipeline itself may be faster"
    engine, outputs = _engine(compiled.plan), list(compiled.answers)
    recorded = _Recorded(compiled.answers)
    parity = compare(engine, recorded, outputs, [compiled.rows], compiled.plan.tolerance)
    if parity.failure is not None:
        return f"on rows it was compared by where the bundle was made, {parity.failure}"
    engine.cost = cost_of({rows: seconds(engine, outputs, compiled.rows, rows) for rows in SIZES})
    return Choice(engine, parity, ahead=True)


def describe(compiled: Compiled, engine: Engine, table: Table) -> list[Output]:
    """Return what a file's engine answers, as the Reference interface says."""
    answers = engine.predict(table, list(compiled.answers))
    classes = compiled.plan.head.classes
    listed = {"label": None if classes is None else classes.tolist()}
    return [
        output_of(name, answer).model_copy(update={"classes": listed.get(name)})
        for name, answer in answers.items()
    ]


def _plan(estimator: Any) -> Plan | None:
    try:
        return read_plan(estimator)
    except Exception:  # another version of its library may keep it in another way; it is then asked itself
        return None


def _engine(plan: Plan) -> CompiledEngine:
    name, raw = plan.ways[0]
    return CompiledEngine(name, plan, raw, None)


class _Recorded:
    """The model's own library, as far as its answers were written down."""

    name = "recorded"
    cost = None

    def __init__(self, answers: dict[str, NDArray[Any]]) -> None:
        self._answers = answers

    def predict(self, _table: Table, outputs: Collection[str]) -> dict[str, NDArray[Any]]:
        """Return them."""
        return {name: self._answers[name] for name in outputs}
