"""The tables: each cell's outcomes, and the worst of each kind beside what must hold."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from slipway_simulation.scenarios import Cell, Result

MOST_FALSE_ALARMS, MOST_MISSES = 1.0, 5.0
"""In percent of the rollouts of any cell."""


@dataclass(frozen=True)
class Row:
    """A method's outcomes in a cell, in percent, with medians over the rollouts that were rolled back."""

    cell: Cell
    method: str
    rolled_back: float
    promoted: float
    seconds: float | None
    failed: float | None

    @property
    def inconclusive(self) -> float:
        """In percent."""
        return 100.0 - self.rolled_back - self.promoted


def rows(cell: Cell, results: dict[str, Result]) -> list[Row]:
    """One for each method."""
    return [_row(cell, method, result) for method, result in results.items()]


def _row(cell: Cell, method: str, result: Result) -> Row:
    back = result.verdicts == "Fail"
    few = back.sum() < 10
    failed = None if few or np.isnan(result.failed).any() else float(np.median(result.failed[back]))
    return Row(
        cell,
        method,
        rolled_back=100 * float(back.mean()),
        promoted=100 * float((result.verdicts == "Pass").mean()),
        seconds=None if few else float(np.median(result.seconds[back])),
        failed=failed,
    )


def worst(all_rows: Iterable[Row]) -> str:
    """The worst cell of each method, of both kinds of error."""
    by_method: dict[tuple[str, str], list[Row]] = {}
    for row in all_rows:
        by_method.setdefault((row.cell.signal, row.method), []).append(row)
    lines = [
        "| signal | rule | worst false rollback | where | worst promotion of a bad canary | where |",
        "|---|---|---|---|---|---|",
    ]
    for (signal, method), group in by_method.items():
        alarm = max((row for row in group if row.cell.good), key=lambda row: row.rolled_back, default=None)
        miss = max((row for row in group if row.cell.bad), key=lambda row: row.promoted, default=None)
        alarms = f"{alarm.rolled_back:.2f} % | {_where(alarm)}" if alarm else "not tried |"
        misses = f"{miss.promoted:.2f} % | {_where(miss)}" if miss else "not tried |"
        lines.append(f"| {signal} | {method} | {alarms} | {misses} |")
    return "\n".join(lines)


def table(all_rows: Iterable[Row]) -> str:
    """Every cell."""
    lines = [
        "| signal | scenario | req/s | rule | rolled back % | promoted % | inconclusive % | median s | failed |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in all_rows:
        seconds = "" if row.seconds is None else f"{row.seconds:.0f}"
        failed = "" if row.failed is None else f"{row.failed:.0f}"
        lines.append(
            f"| {row.cell.signal} | {row.cell.scenario} | {row.cell.rate:g} | {row.method} | {row.rolled_back:.1f}"
            f" | {row.promoted:.1f} | {row.inconclusive:.1f} | {seconds} | {failed} |"
        )
    return "\n".join(lines)


def broken(all_rows: Iterable[Row]) -> list[str]:
    """What must hold of Slipway and does not."""
    found = []
    for row in all_rows:
        if row.method != "Slipway":
            continue
        if row.cell.good and row.rolled_back > MOST_FALSE_ALARMS:
            found.append(f"{row.rolled_back:.2f} % false rollbacks: {row.cell.signal}, {_where(row)}")
        if row.cell.bad and row.promoted > MOST_MISSES:
            found.append(f"{row.promoted:.2f} % bad canaries promoted: {row.cell.signal}, {_where(row)}")
    return found


def _where(row: Row) -> str:
    return f"{row.cell.scenario}, {row.cell.rate:g}/s"
