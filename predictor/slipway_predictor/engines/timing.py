"""What a call of an engine takes, measured at load: for choosing between engines, and for the queue in front of one."""

import time
from collections.abc import Sequence

from slipway_predictor.engines.base import Cost, Engine
from slipway_predictor.features import Table, join

SIZES = (1, 32, 512)
"""Rows a call is timed with."""

_ENOUGH = 0.02  # seconds spent on timing one size


def cost_of(seconds: dict[int, float]) -> Cost:
    """Return the cost that fits the seconds of calls by their rows."""
    few, many = min(seconds), max(seconds)
    per_row = max(0.0, (seconds[many] - seconds[few]) / (many - few))
    return Cost(max(0.0, seconds[few] - few * per_row), per_row)


def seconds(engine: Engine, outputs: Sequence[str], known: Table, rows: int) -> float:
    """Return the shortest of some calls with `rows` rows; infinity where the known ones, repeated, make it raise."""
    table = join([known] * (rows // len(known) + 1))[:rows]
    best, spent = float("inf"), 0.0
    for _ in range(20):
        start = time.perf_counter()
        try:
            engine.predict(table, outputs)
        except Exception:
            return best
        took = time.perf_counter() - start
        best, spent = min(best, took), spent + took
        if spent > _ENOUGH:
            break
    return best
