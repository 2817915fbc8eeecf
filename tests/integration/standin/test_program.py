"""The whole program as a process: it gets ready, follows, survives being killed and losing its connection."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from slipway_standin import kinds
from slipway_standin.api import Api, ApiError
from slipway_standin.kinds import Kind
from slipway_standin.objects import Obj
from slipway_standin.watch import Reflector

pytestmark = pytest.mark.integration

LAB = Path(__file__).resolve().parents[3] / "lab"
PATIENCE = 30.0


async def until(what: Callable[[], Awaitable[Any]]) -> Any:
    """The first true answer; fails after PATIENCE seconds."""
    async with asyncio.timeout(PATIENCE):
        while not (answer := await what()):  # noqa: ASYNC110  # the cluster has no event to wait on
            await asyncio.sleep(0.05)
    return answer


class Program:
    """``python -m slipway_standin``, on ports of its own."""

    def __init__(self, kubeconfig: Path, ports: tuple[int, int], log: Path) -> None:
        self.kubeconfig = kubeconfig
        self.ports = ports
        self.log = log
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        await self.launch()
        await until(self.ready)

    async def launch(self) -> None:
        webhooks, health = self.ports
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "slipway_standin", "--kubeconfig", str(self.kubeconfig),
                "--webhook-address", f"127.0.0.1:{webhooks}", "--health-address", f"127.0.0.1:{health}",
                env={**os.environ, "PYTHONPATH": str(LAB)}, stdout=log, stderr=log,
            )  # fmt: skip

    async def ready(self) -> bool:
        url = f"http://127.0.0.1:{self.ports[1]}/readyz"
        with contextlib.suppress(aiohttp.ClientError):
            async with aiohttp.ClientSession() as session, session.get(url) as answer:
                return answer.status == 200
        return False

    async def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.process
        self.process.send_signal(how)
        return await self.process.wait()


@pytest.fixture
async def program(
    api: Api, cluster_kubeconfig: Path, two_ports: Any, tmp_path: Path
) -> AsyncIterator[Program]:
    program = Program(cluster_kubeconfig, two_ports, tmp_path / "standin.log")
    await program.start()
    yield program
    if program.process and program.process.returncode is None:
        assert await program.end() == 0, program.log.read_text()


async def test_it_serves_through_kills_and_ends_when_told(
    program: Program, api: Api, namespace: str, an_isvc: Any, unregistered: None
) -> None:
    async def exists(kind: Kind, name: str) -> Obj | None:
        return await api.get(kind, namespace, name)

    async def create(name: str) -> None:
        isvc = an_isvc(name)
        isvc["metadata"]["namespace"] = namespace
        await api.create(kinds.ISVC, isvc)

    await create("m")
    await until(lambda: exists(kinds.DEPLOYMENT, "m-predictor"))
    await program.end(signal.SIGKILL)
    await api.delete(kinds.SERVICE, namespace, "m-predictor")
    with pytest.raises(ApiError, match="failed calling webhook"):
        await create("n")
    await program.start()
    await until(lambda: exists(kinds.SERVICE, "m-predictor"))
    await create("n")
    await until(lambda: exists(kinds.DEPLOYMENT, "n-predictor"))
    await api.delete(kinds.ISVC, namespace, "n")

    async def gone() -> bool:
        return await exists(kinds.ISVC, "n") is None

    await until(gone)
    assert await program.end() == 0
    said = program.log.read_text()
    assert "this is a stand-in for KServe's controller, not KServe" in said
    assert "Traceback" not in said


async def test_it_says_which_address_it_cannot_have(
    cluster_kubeconfig: Path, two_ports: Any, tmp_path: Path
) -> None:
    program = Program(cluster_kubeconfig, two_ports, tmp_path / "standin.log")
    with socket.create_server(("127.0.0.1", two_ports[1])):
        await program.launch()
        assert program.process
        assert await program.process.wait() == 1
    assert (
        f"slipway-standin: [Errno 98] error while attempting to bind on address ('127.0.0.1', {two_ports[1]})"
        in (program.log.read_text())
    )


class Relay:
    """A TCP relay to the API server whose connections can be cut."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.target = (parts.hostname, parts.port)
        self.writers: list[asyncio.StreamWriter] = []
        self.tasks: set[asyncio.Task[None]] = set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self.target)
        self.writers += [writer, far_writer]
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self.copy(source, sink))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def cut(self) -> None:
        cut, self.writers = self.writers, []
        for writer in cut:
            writer.close()
        await asyncio.gather(*self.tasks, *(writer.wait_closed() for writer in cut), return_exceptions=True)


def collect(told: list[tuple[str, str]]) -> Callable[[Obj | None, Obj | None], None]:
    def seen(old: Obj | None, new: Obj | None) -> None:
        change = "changed" if old and new else "gone" if old else "new"
        name = (new or old or {})["metadata"]["name"]
        if name.startswith("watched"):
            told.append((change, name))

    return seen


def a_configmap(name: str, namespace: str) -> Obj:
    metadata = {"name": name, "namespace": namespace, "labels": {"watched": "yes"}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


CONFIGMAP = Kind("api/v1", "configmaps")


@contextlib.asynccontextmanager
async def running(reflector: Reflector) -> AsyncIterator[None]:
    task = asyncio.create_task(reflector.run())
    try:
        await asyncio.wait_for(reflector.synced.wait(), PATIENCE)
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_lost_connection_misses_nothing_and_tells_nothing_twice(
    apiserver: Any, cluster_settings: Obj, namespace: str, tmp_path: Path
) -> None:
    relay = Relay(apiserver.url)
    server = await asyncio.start_server(relay.connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    cluster_settings["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{port}"
    cut_off = tmp_path / "kubeconfig"
    cut_off.write_text(json.dumps(cluster_settings))
    told: list[tuple[str, str]] = []
    async with (
        server,
        await Api.connect(str(apiserver.kubeconfig)) as api,
        await Api.connect(str(cut_off)) as behind,
    ):
        await api.create(CONFIGMAP, a_configmap("watched-a", namespace))
        async with running(Reflector(behind, CONFIGMAP, collect(told), "watched=yes")):
            await api.create(CONFIGMAP, a_configmap("watched-b", namespace))
            await until(lambda: _has(told, ("new", "watched-b")))
            await relay.cut()
            await api.delete(CONFIGMAP, namespace, "watched-a")
            await api.create(CONFIGMAP, a_configmap("watched-c", namespace))
            await until(lambda: _has(told, ("gone", "watched-a")))
            await until(lambda: _has(told, ("new", "watched-c")))
        await relay.cut()
    assert sorted(told) == [
        ("gone", "watched-a"),
        ("new", "watched-a"),
        ("new", "watched-b"),
        ("new", "watched-c"),
    ]


async def test_an_expired_version_starts_over_with_a_list(api: Api, apiserver: Any, namespace: str) -> None:
    class Forgetful(Api):
        """Says once that its list is older than the resource itself; the server then answers 410."""

        lists = 0

        async def list(self, kind: Kind, namespace: str = "", selector: str = "") -> Obj:
            listed = await super().list(kind, namespace, selector)
            self.lists += 1
            if self.lists == 1:
                listed["metadata"]["resourceVersion"] = "1"
            return listed

    told: list[tuple[str, str]] = []
    async with (
        await Forgetful.connect(str(apiserver.kubeconfig)) as forgetful,
        running(Reflector(forgetful, kinds.ROUTE, collect(told), "watched=yes")),
    ):
        route = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "spec": {}}
        await api.create(kinds.ROUTE, {**a_configmap("watched-d", namespace), **route})
        await until(lambda: _has(told, ("new", "watched-d")))
        assert forgetful.lists == 2


async def _has(told: list[tuple[str, str]], entry: tuple[str, str]) -> bool:
    return entry in told
