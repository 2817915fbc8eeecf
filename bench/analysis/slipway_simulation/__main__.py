"""``python -m slipway_simulation``: simulate, write the tables, and fail if what must hold does not."""

import argparse
import platform
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from slipway_simulation import report
from slipway_simulation.scenarios import Cell, Result, everything


def main() -> int:
    """Parse the arguments and run every cell on all cores."""
    parser = argparse.ArgumentParser(
        prog="slipway_simulation",
        description="Judge synthetic rollouts by Slipway's analysis and by its peers' rules, on the same requests.",
    )
    parser.add_argument(
        "--rollouts", type=int, default=2000, help="rollouts in a cell (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="another seed is another sample (default: %(default)s)"
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: %(default)s)")
    parser.add_argument("--only", default="", help="only cells whose signal or scenario has this in it")
    parser.add_argument("--out", type=Path, help="the file for the tables (default: standard output)")
    options = parser.parse_args()
    cells = [
        cell for cell in everything(options.rollouts) if options.only in f"{cell.signal} {cell.scenario}"
    ]
    if not cells:
        parser.error(f"no scenario has {options.only!r} in it")
    rows = _run(cells, options.seed, options.jobs)
    text = _text(rows, options)
    if options.out:
        options.out.write_text(text)
        print(f"written: {options.out}")
    else:
        print(text)
    found = report.broken(rows)
    for line in found:
        print(f"does not hold: {line}", file=sys.stderr)
    return 1 if found else 0


def _run(cells: list[Cell], seed: int, jobs: int) -> list[report.Row]:
    begun, rows = time.monotonic(), []
    with ProcessPoolExecutor(jobs) as pool:
        names = [(cell.signal, cell.scenario, cell.rate, cell.rollouts) for cell in cells]
        for number, result in enumerate(pool.map(_one, names, [seed] * len(names)), 1):
            rows += report.rows(cells[number - 1], result)
            spent = time.monotonic() - begun
            print(f"[{spent:4.0f} s] {number} of {len(cells)} cells", file=sys.stderr, flush=True)
    return rows


def _one(name: tuple[str, str, float, int], seed: int) -> dict[str, Result]:
    """Run one cell in a process of the pool; what makes a cell is a function, so that only its name goes there."""
    signal, scenario, rate, rollouts = name
    for cell in everything(1):
        if (cell.signal, cell.scenario, cell.rate) == (signal, scenario, rate):
            return Cell(signal, scenario, rate, rollouts, cell.make).run(seed)
    raise LookupError(name)


def _text(rows: list[report.Row], options: argparse.Namespace) -> str:
    only = f" --only '{options.only}'" if options.only else ""
    return f"""# Canary analysis, simulated

`make simulate`, or `PYTHONPATH=bench/analysis python -m slipway_simulation --rollouts {options.rollouts} --seed {options.seed}{only}`,
on Python {platform.python_version()}. Weights 5, 10, 25, 50 % for 2 minutes each, a check every 15 s for Slipway and every 30 s for its peers, on the same requests
(Argo as documented has its own schedule). Where a canary is held, the weight stays at 50 % for up to 4 h (1 h at 10 requests a second).

## The worst of each rule

Must, for Slipway in every cell: at most {report.MOST_FALSE_ALARMS:g} % false rollbacks, at most {report.MOST_MISSES:g} % bad canaries promoted.

{report.worst(rows)}

## Every cell

{report.table(rows)}
"""


if __name__ == "__main__":
    sys.exit(main())
