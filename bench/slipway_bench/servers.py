"""The servers that are compared, and how each is started: all processes and threads of one on one core."""

import contextlib
import json
import os
import shlex
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from slipway_bench import tools
from slipway_bench.models import NAME
from slipway_lab.loopback import free_ports

SERVER_CORE, LOAD_CORE = 0, 1
_START = 90.0  # seconds a server may take to answer first
INFER = f"/v2/models/{NAME}/infer"
_GRPC_INFER = "/inference.GRPCInferenceService/ModelInfer"


@dataclass(frozen=True)
class Server:
    """How to start one, with {folder}, {model} and its ports to be filled in, and what to send it."""

    name: str
    says: str
    command: str
    body: str = "v2"
    path: str = INFER
    path_many: str = INFER
    ready: str = "/v2/health/ready"
    environment: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] | None = None
    """Of an MLServer: what its model's settings have beside the name."""


_SDK = "{python} -m slipway_bench.peers.kserve_sdk --http_port {http} --grpc_port {grpc}"
_OURS = "{python} -m slipway_predictor serve {folder}/{model} --http-port {http} --grpc-port {grpc}"
SERVERS = {
    server.name: server
    for server in (
        Server("slipway", "this predictor, all checks on", _OURS),
        Server("slipway-sklearn", "this predictor, held to scikit-learn itself", f"{_OURS} --engine sklearn"),
        Server("kserve", "KServe's SDK server as installed, a custom model", _SDK),
        Server(
            "kserve-quiet",
            "the same with its request logging off",
            f"{_SDK} --enable_latency_logging false",
            environment={"KSERVE_LOGLEVEL": "WARNING"},
        ),
        Server(
            "mlserver",
            "MLServer 1.7.1, parallel_workers 0",
            "{mlserver}/mlserver start {settings}",
            settings={},
        ),
        Server(
            "mlserver-batch",
            "the same with adaptive batching (64 rows, 2 ms)",
            "{mlserver}/mlserver start {settings}",
            settings={"max_batch_size": 64, "max_batch_time": 0.002},
        ),
        Server(
            "fastapi",
            "a plain FastAPI application, access log off",
            "{python} -m uvicorn slipway_bench.peers.fastapi_app:app --port {http} --no-access-log",
            body="named",
            path="/predict",
            path_many="/predict_batch",
            ready="/docs",
        ),
        Server(
            "floor",
            "no server, a constant answer on the same event loop: what the machine and the load generator allow",
            "{python} -m slipway_bench.peers.floor {http}",
        ),
    )
}


@dataclass(frozen=True)
class Ports:
    """Where one listens."""

    http: int
    grpc: int
    metrics: int


def _write_settings(where: Path, ports: Ports, more: dict[str, Any]) -> None:
    """Write an MLServer's settings."""
    where.mkdir(exist_ok=True)
    settings = {"debug": False, "parallel_workers": 0, "http_port": ports.http, "grpc_port": ports.grpc}
    model = {"name": NAME, "implementation": "mlserver_sklearn.SKLearnModel", **more}
    (where / "settings.json").write_text(json.dumps({**settings, "metrics_port": ports.metrics}))
    (where / "model-settings.json").write_text(json.dumps(model))


@dataclass
class Running:
    """A started server."""

    server: Server
    process: subprocess.Popen[bytes]
    ports: Ports
    start: float = 0.0
    """Seconds from its start to its first readiness."""

    def url(self, rows: int = 1) -> str:
        """Return where requests of so many rows go."""
        path = self.server.path if rows == 1 else self.server.path_many
        return f"http://127.0.0.1:{self.ports.http}{path}"

    @property
    def grpc_url(self) -> str:
        """Where calls of ModelInfer go."""
        return f"http://127.0.0.1:{self.ports.grpc}{_GRPC_INFER}"

    @property
    def health_url(self) -> str:
        """Where it says whether it is ready."""
        return f"http://127.0.0.1:{self.ports.http}{self.server.ready}"

    def halt(self) -> None:
        """Let it do nothing: even idle servers have timers, which would make another one's requests late."""
        os.killpg(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on where it was halted."""
        os.killpg(self.process.pid, signal.SIGCONT)

    def cpu(self) -> float:
        """Return the CPU seconds that its processes have used."""
        return sum(_cpu(pid) for pid in _tree(self.process.pid))

    def memory(self) -> int:
        """Return the resident memory of its processes in bytes."""
        return sum(_resident(pid) for pid in _tree(self.process.pid))


@contextlib.contextmanager
def running(server: Server, model: str, folder: Path) -> Iterator[Running]:
    """Run a server for the length of the block. Raises BenchError with its log's end when it does not get ready."""
    ports = Ports(*free_ports(3))
    values = {"python": tools.python(), "folder": folder, "model": model, **asdict(ports)}
    if server.settings is not None:
        values |= {"mlserver": tools.mlserver(), "settings": folder / server.name}
        _write_settings(folder / server.name, ports, server.settings)
    command = ["taskset", "-c", str(SERVER_CORE), *shlex.split(server.command.format(**values))]
    pipeline = str(folder / f"{model}.joblib")
    own = {"BENCH_PIPELINE": pipeline, "MLSERVER_MODEL_URI": pipeline, "OMP_NUM_THREADS": "1"}
    own["PYTHONPATH"] = os.pathsep.join([str(tools.CHECKOUT / "bench"), os.environ.get("PYTHONPATH", "")])
    log = folder / f"{server.name}-{model}.log"
    with log.open("wb") as out:
        begin = time.perf_counter()
        process = subprocess.Popen(
            command, env=os.environ | own | server.environment, stdout=out, stderr=out, start_new_session=True
        )
    started = Running(server, process, ports)
    try:
        _await(started, log)
        started.start = time.perf_counter() - begin
        yield started
    finally:
        _end(process)


def _await(started: Running, log: Path) -> None:
    end = time.monotonic() + _START
    while time.monotonic() < end:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(started.health_url, timeout=1)
            return
        if started.process.poll() is not None:
            break
        time.sleep(0.01)
    tail = log.read_text(errors="replace")[-800:]
    raise tools.BenchError(f"{started.server.name} did not become ready; the end of its log:\n{tail}")


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):  # it may be halted
            os.killpg(process.pid, signal.SIGCONT)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
            return


def _tree(root: int) -> list[int]:
    """Return a process and all below it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (parts := _stat(int(entry.name))):
            children.setdefault(int(parts[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def _stat(pid: int) -> list[str]:
    """Return /proc/PID/stat from the state on, or nothing."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _cpu(pid: int) -> float:
    parts = _stat(pid)
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK") if parts else 0.0


def _resident(pid: int) -> int:
    parts = _stat(pid)
    return int(parts[21]) * os.sysconf("SC_PAGE_SIZE") if parts else 0
