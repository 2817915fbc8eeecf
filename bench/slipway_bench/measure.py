"""The measurements: start a server, warm it, load it, note the median of some windows."""

import os
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from slipway_bench import load, scenarios, steady
from slipway_bench.load import Burst
from slipway_bench.scenarios import Cell
from slipway_bench.servers import HTTP_PORT, SERVER_CORE, SERVERS, Running, running
from slipway_bench.tools import Tools

_OFFERED_WARM_UP = 2.0
_SLOW_CONNECTIONS = 64
_SETTLE = 6.0  # seconds after a start: what a server still does once it is ready is no part of a request
_PEAK_SECONDS = 8.0  # the limiter has to learn first
_PROBE_EVERY = 0.05  # seconds


@dataclass(frozen=True)
class Result:
    """One cell for one server."""

    burst: Burst
    spread: float
    """(best - worst) / median of the windows' rates."""
    foreign: float
    """Share of the server's core that others used meanwhile."""
    cpu: float
    """Microseconds of CPU time that a request took the server."""


@dataclass
class Results:
    """Everything that was measured."""

    cells: dict[tuple[Cell, str], Result] = field(default_factory=dict)
    starts: dict[str, float] = field(default_factory=dict)
    """Seconds to readiness with LR, by server."""
    memory: dict[str, int] = field(default_factory=dict)
    """Bytes with LR after the first cells, by server."""
    offered: dict[tuple[str, str, int], Burst] = field(default_factory=dict)
    """By server, model and requests a second."""
    growth: tuple[int, int, int] | None = None
    """Requests, and bytes before and after them."""
    overload: "Overload | None" = None


@dataclass(frozen=True)
class Overload:
    """The slow model: its peak, then what is left of it under several times that."""

    peak: float
    burst: Burst
    health_worst: float
    """Milliseconds."""


@dataclass(frozen=True)
class Bench:
    """What all measurements share. `seconds` is a window's length, `windows` how many of them."""

    tools: Tools
    folder: Path
    seconds: int
    windows: int
    long: int

    def cells(self, model: str, name: str, results: Results) -> None:
        """Measure one server's cells of one model."""
        cells = [cell for cell in scenarios.CELLS if cell.model == model and name in cell.servers]
        with running(SERVERS[name], model, self.folder) as server:
            if model == "LR":
                results.starts[name] = server.start
            time.sleep(_SETTLE)
            for cell in cells:
                result = self._cell(cell, name, server)
                results.cells[cell, name] = result
                _say(name, cell.title, result.burst)
            if model == "LR":
                results.memory[name] = server.memory()

    def _cell(self, cell: Cell, name: str, server: Running) -> Result:
        self._burst(cell, name, 1.0)
        before, begin, used = _busy(SERVER_CORE), time.perf_counter(), server.cpu()
        bursts = [self._burst(cell, name, self.seconds) for _ in range(self.windows)]
        elapsed, used = time.perf_counter() - begin, server.cpu() - used
        foreign = (_busy(SERVER_CORE) - before - used) / elapsed
        answered = sum(burst.rate for burst in bursts) * self.seconds
        bursts.sort(key=lambda burst: burst.rate)
        middle = bursts[len(bursts) // 2]
        spread = (bursts[-1].rate - bursts[0].rate) / middle.rate
        return Result(middle, spread, max(0.0, foreign), used / answered * 1e6)

    def _burst(self, cell: Cell, name: str, seconds: float) -> Burst:
        if cell.protocol == "grpc":
            body = self.folder / f"grpc-{cell.rows}"
            return load.grpc(self.tools, body, cell.connections, seconds, self.folder)
        server = SERVERS[name]
        path = server.path if cell.rows == 1 else server.path_many
        bodies = self.folder / f"{server.body}-{cell.rows}"
        return load.closed(self.tools, path, bodies, cell.connections, seconds)

    def offered(self, name: str, model: str, rate: int, results: Results) -> None:
        """Offer a server a fixed rate."""
        server = SERVERS[name]
        body = self.folder / "v2-1.one"
        with running(server, model, self.folder):
            for seconds in (_OFFERED_WARM_UP, self.long):
                burst = load.offered(
                    self.tools, server.path, body, rate, scenarios.OFFERED_CONNECTIONS, seconds, self.folder
                )
        results.offered[name, model, rate] = burst
        _say(name, f"{model}, {rate:,} a second offered", burst)

    def growth(self, requests: int, results: Results) -> None:
        """Look at the memory before and after many requests."""
        server = SERVERS["slipway"]
        bodies = self.folder / "v2-1"
        with running(server, "LR", self.folder) as process:
            rate = load.closed(self.tools, server.path, bodies, 16, 5).rate
            before = process.memory()
            sent = 0.0
            while sent < requests:
                seconds = min(60, max(1, round((requests - sent) / rate)))
                sent += load.closed(self.tools, server.path, bodies, 16, seconds).rate * seconds
            results.growth = (int(sent), before, process.memory())
        print(
            f"  slipway: {before / 2**20:.0f} MiB, after {sent:,.0f} requests {results.growth[2] / 2**20:.0f}"
        )

    def overload(self, results: Results) -> None:
        """Offer the slow model several times what it can do, and ask for its health all the while."""
        server = SERVERS["slipway"]
        with running(server, "SLOW", self.folder):
            bodies = self.folder / "v2-1"
            peak = max(
                load.closed(self.tools, server.path, bodies, _SLOW_CONNECTIONS, _PEAK_SECONDS).rate
                for _ in range(2)
            )
            rate = max(1, round(peak * scenarios.OVERLOAD))
            body = self.folder / "v2-1.one"
            with _Probe() as probe:
                burst = steady.offered(server.path, body, rate, self.long)
        results.overload = Overload(peak, burst, probe.worst)
        _say("slipway", f"slow model, {rate:,} a second offered, {peak:,.0f} possible", burst)


class _Probe:
    """Asks for the server's health in a thread, and remembers the longest time that took, in milliseconds."""

    def __init__(self) -> None:
        self.worst = 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> "_Probe":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._end.wait(_PROBE_EVERY):
            begin = time.perf_counter()
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{HTTP_PORT}/v2/health/ready", timeout=10).read()
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                self.worst = float("inf")
            self.worst = max(self.worst, (time.perf_counter() - begin) * 1e3)


def _busy(core: int) -> float:
    """Return the seconds that a core has worked since the machine started."""
    with Path("/proc/stat").open() as lines:
        parts = next(line.split() for line in lines if line.startswith(f"cpu{core} "))
    numbers = list(map(int, parts[1:]))
    return (sum(numbers[:3]) + sum(numbers[5:8])) / os.sysconf("SC_CLK_TCK")


def _say(name: str, title: str, burst: Burst) -> None:
    failed = f", {burst.failed} FAILED" if burst.failed else ""
    refused = f", {burst.refused} refused" if burst.refused else ""
    print(
        f"  {name}: {title}: {burst.rate:,.0f}/s, p50 {burst.p50:.2f} p99 {burst.p99:.2f} ms{refused}{failed}",
        flush=True,
    )
