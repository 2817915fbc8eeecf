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
from dataclasses import dataclass, field
from pathlib import Path

from slipway_bench import tools
from slipway_bench.models import NAME
from slipway_lab.loopback import free_ports

SERVER_CORE, LOAD_CORE = 0, 1


HTTP_PORT, GRPC_PORT, METRICS_PORT = free_ports(3)
_START = 90.0  # seconds a server may take to answer first
INFER = f"/v2/models/{NAME}/infer"


@dataclass(frozen=True)
class Server:
    """How to start one, with {folder} and {model} to be filled in, and what to send it."""

    name: str
    says: str
    command: str
    body: str = "v2"
    path: str = INFER
    path_many: str = INFER
    ready: str = "/v2/health/ready"
    environment: dict[str, str] = field(default_factory=dict)


_SDK = f"{{python}} -m slipway_bench.peers.kserve_sdk --http_port {HTTP_PORT} --grpc_port {GRPC_PORT}"
_OURS = f"{{python}} -m slipway_predictor serve {{folder}}/{{model}} --http-port {HTTP_PORT} --grpc-port {GRPC_PORT}"
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
            "{mlserver}/mlserver start {folder}/mlserver-plain",
        ),
        Server(
            "mlserver-batch",
            "the same with adaptive batching (64 rows, 2 ms)",
            "{mlserver}/mlserver start {folder}/mlserver-batch",
        ),
        Server(
            "fastapi",
            "a plain FastAPI application, access log off",
            f"{{python}} -m uvicorn slipway_bench.peers.fastapi_app:app --port {HTTP_PORT} --no-access-log",
            body="named",
            path="/predict",
            path_many="/predict_batch",
            ready="/docs",
        ),
        Server(
            "floor",
            "no server, a constant answer on the same event loop: what the machine and the load generator allow",
            f"{{python}} -m slipway_bench.peers.floor {HTTP_PORT}",
        ),
    )
}


def write_settings(folder: Path) -> None:
    """Write MLServer's settings, with and without adaptive batching."""
    for name, batching in (("plain", {}), ("batch", {"max_batch_size": 64, "max_batch_time": 0.002})):
        where = folder / f"mlserver-{name}"
        where.mkdir()
        settings = {"debug": False, "parallel_workers": 0, "http_port": HTTP_PORT, "grpc_port": GRPC_PORT}
        settings |= {"metrics_port": METRICS_PORT}
        model = {"name": NAME, "implementation": "mlserver_sklearn.SKLearnModel", **batching}
        (where / "settings.json").write_text(json.dumps(settings))
        (where / "model-settings.json").write_text(json.dumps(model))


@dataclass
class Running:
    """A started server."""

    process: subprocess.Popen[bytes]
    start: float
    """Seconds from its start to its first readiness."""

    def cpu(self) -> float:
        """Return the CPU seconds that its processes have used."""
        return sum(_cpu(pid) for pid in _tree(self.process.pid))

    def memory(self) -> int:
        """Return the resident memory of its processes in bytes."""
        return sum(_resident(pid) for pid in _tree(self.process.pid))


@contextlib.contextmanager
def running(server: Server, model: str, folder: Path) -> Iterator[Running]:
    """Run a server for the length of the block. Raises BenchError with its log's end when it does not get ready."""
    values = {"python": tools.python(), "folder": folder, "model": model}
    if "{mlserver}" in server.command:
        values["mlserver"] = tools.mlserver()
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
    try:
        _await(server, process, log)
        yield Running(process, time.perf_counter() - begin)
    finally:
        _end(process)


def _await(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START
    while time.monotonic() < end:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(f"http://127.0.0.1:{HTTP_PORT}{server.ready}", timeout=1)
            return
        if process.poll() is not None:
            break
        time.sleep(0.01)
    tail = log.read_text(errors="replace")[-800:]
    raise tools.BenchError(f"{server.name} did not become ready; the end of its log:\n{tail}")


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
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
