"""A real `slipway-predictor serve` in a process of its own, on a free port."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from slipway_lab.loopback import free_port

ROOT = Path(__file__).parents[3]
MODELS = Path(__file__).parent / "models"
PATIENCE = 60.0  # seconds; a start takes about two


@dataclass
class Served:
    """A running predictor."""

    process: subprocess.Popen[str]
    url: str
    log: Path

    @property
    def errors(self) -> str:
        return self.log.read_text()

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return httpx.post(self.url + path, timeout=PATIENCE, **options)

    def until(self, path: str, status: int) -> httpx.Response:
        """Poll until `path` answers with `status`."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                response = self.get(path)
            except httpx.TransportError:
                response = None
            if response is not None and response.status_code == status:
                return response
            assert self.process.poll() is None, self.errors
            assert time.monotonic() < end, self.errors
            time.sleep(0.02)

    def wait(self) -> int:
        return self.process.wait(PATIENCE)


Serve = Callable[..., Served]


def environment(**more: str) -> dict[str, str]:
    """Return what the process sees: no variable of ours that happens to be set, and the test models importable."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("SLIPWAY_", "KUBERNETES_"))
    }
    path = os.pathsep.join([str(MODELS), *filter(None, [kept.get("PYTHONPATH")])])
    return kept | {"PYTHONPATH": path} | more


def run_serve(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a predictor that is expected to refuse."""
    command = [sys.executable, "-m", "slipway_predictor", "serve", "--http-port", "0", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment(**variables), timeout=PATIENCE
    )


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Start predictors; all are stopped at the module's end."""
    started: list[Served] = []

    def start(folder: Path | str, *arguments: str, ready: bool = True, **variables: str) -> Served:
        port = free_port()
        log = tmp_path_factory.mktemp("predictor") / "stderr"
        command = [
            sys.executable,
            "-m",
            "slipway_predictor",
            "serve",
            str(folder),
            "--http-port",
            str(port),
            *arguments,
        ]
        with log.open("w") as stderr:
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment(**variables)
            )
        served = Served(process, f"http://127.0.0.1:{port}", log)
        started.append(served)
        if ready:
            served.until("/v2/health/ready", 200)
        return served

    yield start
    for served in started:
        if served.process.poll() is None:
            served.process.kill()
        served.process.communicate()


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The four bundles of the example."""
    out = tmp_path_factory.mktemp("models")
    script = ROOT / "examples" / "breast_cancer" / "train.py"
    subprocess.run(
        [sys.executable, str(script), "--out", str(out)], check=True, env=environment(), timeout=300
    )
    return out


@pytest.fixture(scope="session")
def holdout(bundles: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((bundles / "holdout.json").read_text())
    return document


@pytest.fixture(scope="session")
def sleepy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle whose model sleeps as many seconds as its input says."""
    out = tmp_path_factory.mktemp("sleepy") / "bundle"
    script = (
        "import sys; from sleepy import Sleepy; from slipway_cli.bundle import create;"
        "create(Sleepy(), name='sleepy', version='1', out=sys.argv[1])"
    )
    subprocess.run([sys.executable, "-c", script, str(out)], check=True, env=environment(), timeout=PATIENCE)
    return out


@pytest.fixture(scope="session")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle whose inputs are of every type; see models/mixed.py."""
    out = tmp_path_factory.mktemp("mixed") / "bundle"
    command = [sys.executable, str(MODELS / "mixed.py"), str(out)]
    subprocess.run(command, check=True, env=environment(), timeout=PATIENCE)
    return out


def matrix(*rows: list[float], **more: Any) -> dict[str, Any]:
    """Return an infer request of one matrix."""
    data = [value for row in rows for value in row]
    return {
        "inputs": [{"name": "x", "datatype": "FP64", "shape": [len(rows), len(rows[0])], "data": data}],
        **more,
    }
