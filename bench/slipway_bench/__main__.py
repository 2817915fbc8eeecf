"""`python -m slipway_bench`: measure and write RESULTS.md."""

import argparse
import os
import shlex
import signal
import sys
import tempfile
import time
from pathlib import Path

from slipway_bench import models, report, scenarios, servers
from slipway_bench.measure import Bench, Results
from slipway_bench.tools import BenchError, load_generators

PARTS = ("cells", "offered", "memory", "overload")


def main() -> int:
    """Run; return 0, or 1 with a sentence on stderr."""
    chosen = _arguments()
    if (os.cpu_count() or 1) < 2:
        print("bench: two cores are needed, one for the server and one for the load", file=sys.stderr)
        return 1
    os.sched_setaffinity(0, {servers.LOAD_CORE})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no server is left behind
    try:
        results = _measure(chosen)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    text = report.render(results, f"make bench{_flags(sys.argv[1:])}")
    if chosen.out:
        chosen.out.write_text(text)
        print(f"Written to {chosen.out}")
    else:
        print(text)
    return 0


def _measure(chosen: argparse.Namespace) -> Results:
    begin = time.monotonic()
    results = Results()
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as name:
        folder = Path(name)
        print("Training the models", flush=True)
        models.make(folder)
        bench = Bench(load_generators(), folder, chosen.seconds, chosen.windows, chosen.long)
        if "cells" in chosen.parts:
            _cells(bench, chosen, results)
        if "offered" in chosen.parts:
            for server, model in scenarios.OFFERED_TO:
                for rate in scenarios.OFFERED:
                    bench.offered(server, model, rate, results)
        if "memory" in chosen.parts:
            bench.growth(chosen.requests, results)
        if "overload" in chosen.parts:
            bench.overload(results)
    print(f"Took {(time.monotonic() - begin) / 60:.1f} minutes")
    return results


def _cells(bench: Bench, chosen: argparse.Namespace, results: Results) -> None:
    for model in chosen.models:
        names = [
            n for n in chosen.servers if any(c.model == model and n in c.servers for c in scenarios.CELLS)
        ]
        bench.cells(model, names, results)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench", description="Measure this predictor beside others, all on one core, taking turns."
    )
    parser.add_argument(
        "--parts", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help=f"of {', '.join(PARTS)}"
    )
    parser.add_argument(
        "--models", nargs="+", choices=list(models.MODELS), default=list(models.MODELS), metavar="M"
    )
    parser.add_argument(
        "--servers", nargs="+", choices=list(servers.SERVERS), default=list(servers.SERVERS), metavar="S"
    )
    parser.add_argument("--seconds", type=int, default=2, help="length of a window (2)")
    parser.add_argument("--windows", type=int, default=5, help="windows a cell (5)")
    parser.add_argument("--long", type=int, default=60, help="seconds of the offered rates (60)")
    parser.add_argument(
        "--requests", type=int, default=scenarios.MANY, help="requests of the memory part (1000000)"
    )
    parser.add_argument("--out", type=Path, help="file to write (default: print)")
    return parser.parse_args()


def _flags(words: list[str]) -> str:
    """Return what make must be given to have these words of the command line, the file to write left out."""
    kept = [word for before, word in zip(["", *words], words, strict=False) if "--out" not in (before, word)]
    return f" BENCH={shlex.quote(shlex.join(kept))}" if kept else ""


if __name__ == "__main__":
    sys.exit(main())
