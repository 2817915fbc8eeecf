"""One burst of load: closed loop with wrk, an offered rate or gRPC with h2load; and what came of it."""

import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from slipway_bench.servers import LOAD_CORE
from slipway_bench.tools import BenchError, Tools

_ROTATING = Path(__file__).with_name("rotate.lua")
_GOOD, _REFUSED = 200, 503
_STREAMS = 8  # connections at most for gRPC; more calls share them


@dataclass(frozen=True)
class Burst:
    """Requests a second that were answered well, their latencies in milliseconds, and how many were not."""

    rate: float
    p50: float
    p99: float
    worst: float
    failed: int
    refused: int = 0
    """Answered with 503: not among the failed."""


def closed(tools: Tools, url: str, bodies: Path, connections: int, seconds: float) -> Burst:
    """Send the bodies of a file, one a line, over so many connections, each as soon as the last is answered."""
    words = [
        "-t1",
        f"-c{connections}",
        f"-d{max(1, round(seconds))}s",
        "--timeout",
        "10s",
        "-s",
        str(_ROTATING),
    ]
    result = _run(tools, [tools.wrk, *words, url, "--", str(bodies)])
    line = next((line for line in result.splitlines() if line.startswith("BURST ")), None)
    if line is None:
        raise BenchError(f"wrk said nothing to be read: {result[-400:]}")
    count, micros, p50, p99, worst, failed = map(int, line.split()[1:])
    return Burst((count - failed) / micros * 1e6, p50 / 1e3, p99 / 1e3, worst / 1e3, failed)


def offered(
    tools: Tools, url: str, body: Path, rate: int, connections: int, seconds: float, folder: Path
) -> Burst:
    """Send one body at a fixed rate, evenly spaced, whatever comes back.

    The connections begin a millisecond after one another and send in turn. One has a request under way at most: there
    must be so many that each has its answer long before its next turn. Rate and latencies are those of the middle nine
    tenths, when all connections send.
    """
    words = ["--h1", "-c", str(connections), "-m", "1", "--rps", str(rate / connections)]
    words += ["-n", str(round(rate * seconds)), "-r", "1", "--rate-period", "1ms"]
    table = _h2load(tools, [*words, "-H", "content-type: application/json"], body, url, folder)
    starts = table[:, 0]
    first, last = np.percentile(starts, [5, 95])
    middle = _burst(table[(starts >= first) & (starts <= last)], 1e6 / (last - first))
    refused = int((table[:, 1] == _REFUSED).sum())
    return replace(middle, refused=refused, failed=int((table[:, 1] != _GOOD).sum()) - refused)


def grpc(tools: Tools, url: str, body: Path, calls: int, seconds: float, folder: Path) -> Burst:
    """Make so many calls at a time, each as soon as the last is answered."""
    connections = min(calls, _STREAMS)
    words = ["-D", f"{seconds:g}", "-c", str(connections), "-m", str(calls // connections)]
    header = ["-H", "content-type: application/grpc", "-H", "te: trailers"]
    return _burst(_h2load(tools, [*words, *header], body, url, folder), 1 / seconds)


def _h2load(tools: Tools, words: list[str], body: Path, url: str, folder: Path) -> NDArray[np.float64]:
    """Return a row for each request: when it was sent (microseconds), its status, how long it took (microseconds)."""
    log = folder / "h2load.log"
    log.unlink(missing_ok=True)
    _run(tools, [tools.h2load, "-t", "1", "-d", str(body), *words, f"--log-file={log}", url])
    if not log.exists() or not log.stat().st_size:
        raise BenchError("h2load got no answer")
    table: NDArray[np.float64] = np.loadtxt(log, ndmin=2)
    return table


def _burst(table: NDArray[np.float64], share: float) -> Burst:
    """Sum up what h2load saw; `share` of a second's requests is one of the table."""
    status, took = table[:, 1], table[:, 2] / 1e3
    good, refused = status == _GOOD, int((status == _REFUSED).sum())
    if not good.any():
        raise BenchError(f"h2load got no good answer, but status {int(status[0])}")
    p50, p99 = np.percentile(took[good], [50, 99])
    failed = int((~good).sum()) - refused
    return Burst(float(good.sum() * share), float(p50), float(p99), float(took[good].max()), failed, refused)


def _run(tools: Tools, command: list[str]) -> str:
    done = subprocess.run(
        ["taskset", "-c", str(LOAD_CORE), *command], env=tools.environment, capture_output=True, text=True
    )
    if done.returncode:
        raise BenchError(f"{command[0]} failed: {(done.stderr or done.stdout)[-400:]}")
    return done.stdout
