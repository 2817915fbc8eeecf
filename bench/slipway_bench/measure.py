"""The measurements: start the servers, warm them, load them in turns, keep their windows."""

import contextlib
import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median

from slipway_bench import load, scenarios, steady
from slipway_bench.load import Burst
from slipway_bench.scenarios import Cell
from slipway_bench.servers import LOAD_CORE, SERVER_CORE, SERVERS, Running, running
from slipway_bench.tools import BenchError, Tools

_OFFERED_WARM_UP = 2.0
_OFFERED_TRIES = 3
_STOLEN = 0.002  # of the time: where one request in a hundred may be late, others must not take that share
_SLOW_CONNECTIONS = 64
_SETTLE = 6.0  # seconds after a start: what a server still does once it is ready is no part of a request
_PEAK_SECONDS = 8.0  # the limiter has to learn first
_PROBE_EVERY = 0.05  # seconds
_REST = 5.0  # seconds a server may go on after a window
_REST_STEP = 0.03  # seconds without a tick of CPU are rest


@dataclass(frozen=True)
class Window:
    """One burst of a server, and what of the machine it took."""

    burst: Burst
    foreign: float
    """Share of the server's core that others used meanwhile."""
    cpu: float
    """Microseconds of CPU time that a request took the server."""


@dataclass(frozen=True)
class Result:
    """One cell for one server: its windows, in the order of the rounds in which all servers took turns."""

    windows: tuple[Window, ...]

    @property
    def burst(self) -> Burst:
        """The one with the median rate."""
        return sorted((window.burst for window in self.windows), key=lambda burst: burst.rate)[
            len(self.windows) // 2
        ]

    @property
    def p99(self) -> float:
        """The median of the windows' own, in milliseconds: the machine stops for some of them, and not for others."""
        return median(window.burst.p99 for window in self.windows)

    @property
    def spread(self) -> float:
        """(best - worst) / median of the windows' rates."""
        rates = [window.burst.rate for window in self.windows]
        return (max(rates) - min(rates)) / self.burst.rate

    @property
    def foreign(self) -> float:
        """The mean."""
        return fmean(window.foreign for window in self.windows)

    @property
    def cpu(self) -> float:
        """The median."""
        return median(window.cpu for window in self.windows)

    def times(self, other: "Result") -> float:
        """How many times the other's rate this is: the median over the rounds."""
        pairs = zip(self.windows, other.windows, strict=True)
        return median(mine.burst.rate / theirs.burst.rate for mine, theirs in pairs)


@dataclass
class Results:
    """Everything that was measured."""

    cells: dict[tuple[Cell, str], Result] = field(default_factory=dict)
    starts: dict[str, float] = field(default_factory=dict)
    """Seconds to readiness with LR, by server."""
    memory: dict[str, int] = field(default_factory=dict)
    """Bytes with LR after the first cells, by server."""
    offered: dict[tuple[str, str, int], "Offered"] = field(default_factory=dict)
    """By server, model and requests a second."""
    growth: tuple[int, int, int] | None = None
    """Requests, and bytes before and after them."""
    overload: "Overload | None" = None


@dataclass(frozen=True)
class Offered:
    """What came of an offered rate."""

    burst: Burst
    stolen: float
    """The share of the time that the hypervisor gave to other machines, server's and load generator's core together."""


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

    def cells(self, model: str, names: Sequence[str], results: Results) -> None:
        """Measure all cells of one model.

        The servers are there beside each other and halted but for the one that is asked: in each cell they take turns,
        window by window, so that a machine that becomes slower, as shared ones do, does so for all of them.
        """
        with contextlib.ExitStack() as started:
            servers = {}
            for name in names:
                servers[name] = started.enter_context(running(SERVERS[name], model, self.folder))
                time.sleep(_SETTLE)
                servers[name].halt()
                print(f"{model}: {name} is ready", flush=True)
            for cell in (cell for cell in scenarios.CELLS if cell.model == model):
                asked = {name: server for name, server in servers.items() if name in cell.servers}
                for name, result in self._cell(cell, asked).items():
                    results.cells[cell, name] = result
                    _say(name, cell.title, result.burst)
            if model == "LR":
                results.starts = {name: server.start for name, server in servers.items()}
                results.memory = {name: server.memory() for name, server in servers.items()}

    def _cell(self, cell: Cell, servers: dict[str, Running]) -> dict[str, Result]:
        for server in servers.values():
            with _turn(server):
                self._burst(cell, server, 1.0)
        results: dict[str, Result] = {}
        for together in (True, False):  # what is divided by each other is measured within seconds
            names = [name for name in servers if (name in scenarios.COMPARED) is together]
            rounds = [
                {name: self._window(cell, servers[name]) for name in names} for _ in range(self.windows)
            ]
            results |= {name: Result(tuple(each[name] for each in rounds)) for name in names}
        return results

    def _window(self, cell: Cell, server: Running) -> Window:
        with _turn(server):
            before, begin, used = _busy(SERVER_CORE), time.perf_counter(), server.cpu()
            burst = self._burst(cell, server, self.seconds)
            elapsed, used = time.perf_counter() - begin, server.cpu() - used
            foreign = (_busy(SERVER_CORE) - before - used) / elapsed
        if not burst.rate:
            raise BenchError(
                f"{server.server.name} answered nothing in {self.seconds} s: give --seconds more"
            )
        return Window(burst, max(0.0, foreign), used / (burst.rate * self.seconds) * 1e6)

    def _burst(self, cell: Cell, server: Running, seconds: float) -> Burst:
        if cell.protocol == "grpc":
            body = self.folder / f"grpc-{cell.rows}"
            return load.grpc(self.tools, server.grpc_url, body, cell.connections, seconds, self.folder)
        bodies = self.folder / f"{server.server.body}-{cell.rows}"
        return load.closed(self.tools, server.url(cell.rows), bodies, cell.connections, seconds)

    def offered(self, name: str, model: str, rate: int, results: Results) -> None:
        """Offer a server a fixed rate; again where other machines have taken too much of the time."""
        with running(SERVERS[name], model, self.folder) as process:
            self._offer(process, rate, _OFFERED_WARM_UP)
            tried: list[Offered] = []
            while len(tried) < _OFFERED_TRIES and not any(one.stolen < _STOLEN for one in tried):
                before, begin = _stolen(), time.perf_counter()
                burst = self._offer(process, rate, self.long)
                stolen = (_stolen() - before) / (time.perf_counter() - begin)
                tried.append(Offered(burst, stolen))
                _say(name, f"{model}, {rate:,} a second offered, {stolen:.1%} of the time stolen", burst)
        results.offered[name, model, rate] = min(tried, key=lambda one: one.stolen)

    def _offer(self, process: Running, rate: int, seconds: float) -> Burst:
        body, connections = self.folder / "v2-1.one", scenarios.OFFERED_CONNECTIONS
        return load.offered(self.tools, process.url(), body, rate, connections, seconds, self.folder)

    def growth(self, requests: int, results: Results) -> None:
        """Look at the memory before and after many requests."""
        server = SERVERS["slipway"]
        bodies = self.folder / "v2-1"
        with running(server, "LR", self.folder) as process:
            rate = load.closed(self.tools, process.url(), bodies, 16, 5).rate
            before = process.memory()
            sent = 0.0
            while sent < requests:
                seconds = min(60, max(1, round((requests - sent) / rate)))
                sent += load.closed(self.tools, process.url(), bodies, 16, seconds).rate * seconds
            results.growth = (int(sent), before, process.memory())
        print(
            f"  slipway: {before / 2**20:.0f} MiB, after {sent:,.0f} requests {results.growth[2] / 2**20:.0f}"
        )

    def overload(self, results: Results) -> None:
        """Offer the slow model several times what it can do, and ask for its health all the while."""
        server = SERVERS["slipway"]
        with running(server, "SLOW", self.folder) as process:
            bodies = self.folder / "v2-1"
            peak = max(
                load.closed(self.tools, process.url(), bodies, _SLOW_CONNECTIONS, _PEAK_SECONDS).rate
                for _ in range(2)
            )
            rate = max(1, round(peak * scenarios.OVERLOAD))
            body = self.folder / "v2-1.one"
            with _Probe(process.health_url) as probe:
                burst = steady.offered(process.url(), body, rate, self.long)
        results.overload = Overload(peak, burst, probe.worst)
        _say("slipway", f"slow model, {rate:,} a second offered, {peak:,.0f} possible", burst)


class _Probe:
    """Asks for the server's health in a thread, and remembers the longest time that took, in milliseconds."""

    def __init__(self, url: str) -> None:
        self.worst = 0.0
        self._url = url
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
                urllib.request.urlopen(self._url, timeout=10).read()
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                self.worst = float("inf")
            self.worst = max(self.worst, (time.perf_counter() - begin) * 1e3)


@contextlib.contextmanager
def _turn(server: Running) -> Iterator[None]:
    """Let a halted server go on for the length of the block, from when it rests to when it rests again."""
    server.go_on()
    try:
        _await_rest(server)
        yield
        _await_rest(server)
    finally:
        server.halt()


def _await_rest(server: Running) -> None:
    """Wait until a server has done what nobody waits for any more, which would take from the next one's window."""
    end, used = time.monotonic() + _REST, -1.0
    while (now := server.cpu()) > used and time.monotonic() < end:
        used = now
        time.sleep(_REST_STEP)


def _busy(core: int) -> float:
    """Return the seconds that a core has worked, or was kept from it, since the machine started."""
    ticks = _ticks(core)
    return (sum(ticks[:3]) + sum(ticks[5:8])) / os.sysconf("SC_CLK_TCK")


def _stolen() -> float:
    """Return the seconds that our cores were other machines' since this one started."""
    return sum(_ticks(core)[7] for core in (SERVER_CORE, LOAD_CORE)) / os.sysconf("SC_CLK_TCK")


def _ticks(core: int) -> list[int]:
    """Return a core's line in /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal, ..."""
    with Path("/proc/stat").open() as lines:
        return list(map(int, next(line.split()[1:] for line in lines if line.startswith(f"cpu{core} "))))


def _say(name: str, title: str, burst: Burst) -> None:
    failed = f", {burst.failed} FAILED" if burst.failed else ""
    refused = f", {burst.refused} refused" if burst.refused else ""
    print(
        f"  {name}: {title}: {burst.rate:,.0f}/s, p50 {burst.p50:.2f} p99 {burst.p99:.2f} ms{refused}{failed}",
        flush=True,
    )
