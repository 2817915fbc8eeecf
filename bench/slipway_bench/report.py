"""RESULTS.md: what was measured, and whether it is what it must be."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from slipway_bench import scenarios
from slipway_bench.measure import Overload, Result, Results
from slipway_bench.scenarios import CELLS
from slipway_bench.servers import SERVERS

_LIBRARIES = ("kserve", "scikit-learn", "numpy", "fastapi", "uvicorn", "uvloop", "httptools", "grpcio")
_MIB = 2**20


def render(results: Results, command: str) -> str:
    """Return the whole page as Markdown."""
    parts = [_head(command), _verdicts(results), _table(results), _starts(results), _conditions(results)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _head(command: str) -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return f"""# Benchmark results

Written by `{command}`. The server is held to core {0}, the load generator to core {1} of {os.cpu_count()} ({_processor()},
Linux {platform.release()}, Python {platform.python_version()}), so every number is for one core. The servers are there
beside each other and take turns, window by window (the others are halted meanwhile), with the same pipeline files and the same bytes: breast-cancer data, 30 features, StandardScaler and a model
(LR logistic regression, RF 100 trees, GB 100 trees of gradient boosting), 256 different rows in turn.
{libraries}; MLServer 1.7.1 in an environment of its own with the same scikit-learn.

This predictor checks every request against the bundle's contract and answers label and probabilities. KServe's server
answers the probabilities, MLServer (asked by the same bytes) the label alone, the FastAPI application both.
Closed loop is wrk (a client waits for its answer: with many clients at a busy server the latency is queueing), offered
rates (evenly spaced, over {scenarios.OFFERED_CONNECTIONS} connections) and gRPC are h2load. One connection's p99 is the median of its windows'.
Time is stolen where the hypervisor gives it to other machines: with more than 0.2% of it an offered rate is measured again, three times
at most, and the least disturbed one is shown."""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
        platform.machine(),
    )


def _verdicts(results: Results) -> str:
    rows = [*_ratios(results), *_singles(results), *_offered(results), *_rest(results)]
    if not rows:
        return ""
    lines = [f"| {what} | {must} | {got} | {_judged(must, well=well)} |" for what, must, got, well in rows]
    return "\n".join(["## Must and is", "", "| | must | is | |", "|---|---|---|---|", *lines])


_Row = tuple[str, str, str, bool]
_AIM = "aim: "


def _judged(must: str, *, well: bool) -> str:
    if well:
        return "yes"
    return "not reached" if must.startswith(_AIM) else "**no**"


def _ratios(results: Results) -> list[_Row]:
    rows = []
    for target in scenarios.TARGETS:
        ours, theirs = (results.cells.get((target.cell, name)) for name in (target.server, "kserve"))
        if ours and theirs:
            ratio = ours.times(theirs)
            must = f"≥ {target.must:g} × KServe's (aim {target.aim:g})"
            got = f"{ratio:.1f} × ({ours.burst.rate:,.0f}/s to {theirs.burst.rate:,.0f}/s)"
            rows.append((target.title, must, got, ratio >= target.must))
    return rows


def _singles(results: Results) -> list[_Row]:
    """With the machine's own figure beside it: what no server can be better than."""
    rows = []
    floor = next(
        (r for (c, name), r in results.cells.items() if name == "floor" and c.connections == 1), None
    )
    beside = f" (of which no server at all: {floor.p99:.2f} ms)" if floor else ""
    for cell in CELLS:
        result = results.cells.get((cell, "slipway"))
        if result and cell.connections == 1:
            well = result.p99 < scenarios.SINGLE_P99
            rows.append(
                (
                    f"{cell.model}, one connection, p99",
                    f"< {scenarios.SINGLE_P99} ms",
                    f"{result.p99:.2f} ms{beside}",
                    well,
                )
            )
    return rows


def _offered(results: Results) -> list[_Row]:
    rows = []
    for (name, model, rate), found in results.offered.items():
        if name == "floor":
            continue
        burst, floor = found.burst, results.offered.get(("floor", "LR", rate))
        beside = (
            f"; no server at all: {floor.burst.rate:,.0f}/s, p99 {floor.burst.p99:.2f} ms" if floor else ""
        )
        well = burst.p99 < scenarios.OFFERED_P99 and not burst.failed and burst.rate > 0.98 * rate
        got = (
            f"{burst.rate:,.0f}/s answered, p99 {burst.p99:.2f} ms, {burst.failed + burst.refused} failed "
            f"({found.stolen:.1%} of the time stolen{beside})"
        )
        rows.append(
            (
                f"{model}, {rate:,} requests/s offered",
                f"{_AIM if rate > scenarios.OFFERED_MUST else ''}p99 < {scenarios.OFFERED_P99:g} ms, none failed",
                got,
                well,
            )
        )
    return rows


def _rest(results: Results) -> list[_Row]:
    rows: list[_Row] = []
    starts = results.starts
    if "slipway" in starts and "kserve" in starts:
        ratio = starts["slipway"] / starts["kserve"]
        got = f"{starts['slipway']:.2f} s to {starts['kserve']:.2f} s"
        rows.append(
            (
                "start to ready, LR",
                f"≤ {scenarios.START_RATIO:g} of KServe's",
                got,
                ratio <= scenarios.START_RATIO,
            )
        )
    if results.growth:
        count, before, after = results.growth
        got = f"{before / _MIB:.1f} MiB, after {count:,} requests {after / _MIB:.1f} MiB"
        well = after <= before * (1 + scenarios.GROWTH)
        rows.append(("resident memory", f"≤ {scenarios.GROWTH:.0%} growth", got, well))
    if results.overload:
        rows.append(_overload(results.overload))
    return rows


def _overload(overload: Overload) -> _Row:
    goodput = overload.burst.rate / overload.peak
    well = (
        goodput >= scenarios.OVERLOAD_GOODPUT
        and overload.burst.p99 < scenarios.OVERLOAD_P99
        and overload.health_worst < scenarios.HEALTH_WORST
        and not overload.burst.failed
    )
    got = (
        f"{goodput:.0%} of {overload.peak:,.0f}/s, p99 {overload.burst.p99:.0f} ms, {overload.burst.refused:,} refused, "
        f"{overload.burst.failed} failed, health {overload.health_worst:.0f} ms at worst"
    )
    must = f"≥ {scenarios.OVERLOAD_GOODPUT:.0%} of its peak, p99 < {scenarios.OVERLOAD_P99:.0f} ms, health < {scenarios.HEALTH_WORST:.0f} ms"
    return (f"a model of 5 ms a row, offered {scenarios.OVERLOAD} × what it can do", must, got, well)


def _table(results: Results) -> str:
    names = [name for name in SERVERS if any(server == name for _, server in results.cells)]
    cells = [cell for cell in CELLS if any(measured == cell for measured, _ in results.cells)]
    if not cells:
        return ""
    lines = [
        f"| {cell.title} | {' | '.join(_entry(results.cells.get((cell, n))) for n in names)} |"
        for cell in cells
    ]
    says = [f"- `{name}`: {SERVERS[name].says}" for name in names]
    head = f"| | {' | '.join(names)} |"
    return "\n".join(
        [
            "## All of it: requests a second · p50 / p99 in ms · CPU µs a request",
            "",
            head,
            "|---" * (len(names) + 1) + "|",
            *lines,
            "",
            *says,
        ]
    )


def _entry(result: Result | None) -> str:
    if result is None:
        return ""
    burst = result.burst
    failed = f" **{burst.failed} failed**" if burst.failed else ""
    return f"{burst.rate:,.0f} · {burst.p50:.2f} / {burst.p99:.2f} · {result.cpu:,.0f}{failed}"


def _starts(results: Results) -> str:
    if not results.starts:
        return ""
    lines = [
        f"| {name} | {seconds:.2f} s | {results.memory[name] / _MIB:.0f} MiB |"
        for name, seconds in results.starts.items()
    ]
    return "\n".join(
        ["## Start to ready and resident memory, LR", "", "| | start | memory |", "|---|---|---|", *lines]
    )


def _conditions(results: Results) -> str:
    measured = results.cells.values()
    if not measured:
        return ""
    spread = sorted(result.spread for result in measured)
    foreign = max(result.foreign for result in measured)
    return (
        f"The windows of a cell (the one with the median rate is shown; a ratio is the median over the rounds) lie {spread[len(spread) // 2]:.0%} apart in the median, "
        f"{spread[-1]:.0%} at most; other processes took up to {foreign:.0%} of the server's core."
    )
