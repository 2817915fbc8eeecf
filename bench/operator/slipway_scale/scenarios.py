"""What is measured, one after the other on the same cluster."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from slipway_lab.loopback import free_port
from slipway_operator.api import names
from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.cluster.client import Client
from slipway_operator.cluster.kinds import MODEL_DEPLOYMENT
from slipway_operator.rollout.revision import revision_of
from slipway_scale import lines, objects
from slipway_scale.processes import (
    OPERATOR_CORE,
    OTHER_CORE,
    Process,
    children_cpu,
    machine_cpu,
    process,
)
from slipway_scale.standin import make_ready
from slipway_scale.watching import Watching, healthy

PATIENCE = 600.0
API = ("kube-apiserver", "etcd")


@dataclass
class Figures:
    """What came out."""

    settled: float = 0.0
    """Seconds until all were Healthy."""
    settled_cpu: float = 0.0
    settled_api_cpu: float = 0.0
    """Of the API server and etcd."""
    settled_other_cpu: float = 0.0
    """Of whatever else the machine did meanwhile."""
    settled_requests: dict[str, int] = field(default_factory=dict)
    idle_seconds: float = 0.0
    idle_requests: dict[str, int] = field(default_factory=dict)
    idle_cpu: float = 0.0
    """Seconds of CPU in the idle time."""
    restart: float = 0.0
    """Seconds from the start of the process until each one had been looked at."""
    rollout: float = 0.0
    rollout_cpu: float = 0.0
    reconcile_p99: float = 0.0
    reconcile_most: float = 0.0
    latest_step: float = 0.0
    steps: int = 0
    step_writes: float = 0.0
    """All writes of the rollouts, for each change of a route."""
    memory: int = 0
    count: int = 0
    rolling: int = 0


@dataclass
class Bench:
    """The cluster, and where things are."""

    client: Client
    folder: Path
    kubeconfig: Path
    count: int
    rolling: int
    idle: float
    figures: Figures = field(default_factory=Figures)

    @property
    def stopwatch(self) -> Path:
        """The operator's lines."""
        return self.folder / "stopwatch"

    async def run(self) -> Figures:
        """All scenarios."""
        watching = Watching(self.client)
        await self._prepare()
        self.figures.count, self.figures.rolling = self.count, self.rolling
        async with watching.running():
            with self._operator() as operator:
                await self._led(operator)
                await self._create(watching, operator)
                await self._idle(operator)
                self._note_memory(operator)
                operator.stop()
            with self._operator() as operator:
                await self._restart()
                await self._roll(watching, operator)
                self._note_memory(operator)
        return self.figures

    def _operator(self) -> "contextlib.AbstractContextManager[Process]":
        return process(
            "slipway_scale.timed",
            [str(self.stopwatch)],
            OPERATOR_CORE,
            self.folder / "operator.log",
            KUBECONFIG=str(self.kubeconfig),
            SLIPWAY_GATEWAY=f"{objects.NAMESPACE}/{objects.GATEWAY}",
            SLIPWAY_LEASE=f"{objects.NAMESPACE}/operator",
            SLIPWAY_HEALTH_PORT=str(free_port()),
        )

    async def _led(self, operator: Process) -> None:
        """Until it has the lease."""
        async with asyncio.timeout(60):
            while "leading:" not in (self.folder / "operator.log").read_text():
                if operator.popen.poll() is not None:
                    raise RuntimeError((self.folder / "operator.log").read_text())
                await asyncio.sleep(0.2)

    async def _create(self, watching: Watching, operator: Process) -> None:
        print(f"Creating {self.count} ModelDeployments", flush=True)
        begin, cpu, mine, all_cpu = time.time(), operator.cpu(), children_cpu(), machine_cpu()
        creating = asyncio.create_task(self._apply(range(self.count), 1))
        self.figures.settled = await watching.until(healthy(1), self.count, PATIENCE)
        await creating
        used = {name: value - mine.get(name, 0.0) for name, value in children_cpu().items()}
        self.figures.settled_cpu = operator.cpu() - cpu
        self.figures.settled_api_cpu = sum(used.get(name, 0.0) for name in API)
        self.figures.settled_other_cpu = machine_cpu() - all_cpu - sum(used.values())
        self.figures.settled_requests = dict(lines.requests(self._lines(begin)))
        print(f"  all Healthy after {self.figures.settled:.1f} s", flush=True)

    async def _idle(self, operator: Process) -> None:
        await asyncio.sleep(10)  # the last events of the creation
        print(f"Idle for {self.idle:.0f} s", flush=True)
        begin, cpu = time.time(), operator.cpu()
        await asyncio.sleep(self.idle)
        self.figures.idle_seconds = self.idle
        self.figures.idle_cpu = operator.cpu() - cpu
        self.figures.idle_requests = dict(lines.requests(self._lines(begin)))

    async def _restart(self) -> None:
        begin = time.time()
        async with asyncio.timeout(PATIENCE):
            while True:
                seen = {line.of: line.at for line in reversed(self._lines(begin)) if line.what == "reconcile"}
                if len(seen) == self.count:
                    break
                await asyncio.sleep(0.5)
        self.figures.restart = max(seen.values()) - begin
        print(f"Restarted; all {self.count} looked at after {self.figures.restart:.1f} s", flush=True)

    async def _roll(self, watching: Watching, operator: Process) -> None:
        print(f"Rolling {self.rolling} out at once", flush=True)
        begin, cpu = time.time(), operator.cpu()
        await self._apply(range(self.rolling), 2)
        self.figures.rollout = await watching.until(healthy(2), self.rolling, PATIENCE)
        found = self._lines(begin)
        durations = lines.durations(found)
        self.figures.rollout_cpu = operator.cpu() - cpu
        self.figures.reconcile_p99 = lines.quantile(durations, 0.99)
        self.figures.reconcile_most = durations[-1]
        self.figures.latest_step = max(watching.lateness)
        self.figures.steps = len(watching.lateness)
        self.figures.step_writes = lines.writes(found) / lines.route_changes(found)

    async def _prepare(self) -> None:
        """The pods of all first revisions, ready: what is measured is the operator, and what it asks of the API server."""

        async def one(number: int) -> None:
            body = objects.deployment(number)
            name = body["metadata"]["name"]
            revision = revision_of(ModelDeploymentSpec.model_validate(body["spec"])).revision
            labels = {names.LABEL_DEPLOYMENT: name, names.LABEL_REVISION: revision}
            await make_ready(self.client, objects.NAMESPACE, names.entry_service(name, revision), labels)

        await _some_at_once(one, range(self.count))

    async def _apply(self, numbers: range, version: int) -> None:
        """Create or change."""

        async def one(number: int) -> None:
            body = objects.deployment(number, version)
            if version == 1:
                await self.client.create(MODEL_DEPLOYMENT, body)
            else:
                await self.client.merge(MODEL_DEPLOYMENT, objects.NAMESPACE, body["metadata"]["name"], body)

        await _some_at_once(one, numbers)

    def _lines(self, since: float) -> list[lines.Line]:
        return lines.read(self.stopwatch, since, time.time())

    def _note_memory(self, operator: Process) -> None:
        self.figures.memory = max(self.figures.memory, operator.peak())


async def _some_at_once(one: Callable[[int], Awaitable[None]], numbers: range) -> None:
    """Eight at a time."""
    gate = asyncio.Semaphore(8)

    async def gated(number: int) -> None:
        async with gate:
            await one(number)

    await asyncio.gather(*map(gated, numbers))


@contextlib.asynccontextmanager
async def stand_in(folder: Path, kubeconfig: Path, port: int) -> AsyncIterator[None]:
    """The stand-in on the other core."""
    arguments = ["--port", str(port)]
    with process(
        "slipway_scale.standin", arguments, OTHER_CORE, folder / "standin.log", KUBECONFIG=str(kubeconfig)
    ):
        yield
