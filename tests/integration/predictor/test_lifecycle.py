"""From start to end: alive while loading, ready when warm, draining on SIGTERM, never blocked by its model."""

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from .conftest import PATIENCE, Serve, environment, matrix

INFER = "/v2/models/sleepy/infer"


def test_it_is_alive_but_not_ready_while_it_loads(serve: Serve, sleepy: Path) -> None:
    served = serve(sleepy, ready=False, SLEEPY_LOAD="3")
    served.until("/v2/health/live", 200)
    for path in ("/v2/health/ready", "/v2/models/sleepy/ready"):
        response = served.get(path)
        assert response.status_code == 503
        assert response.json()["ready"] is False
        assert response.json()["error"] == "not ready: the model is loading"
    refused = served.post(INFER, json=matrix([0.0]))
    assert refused.status_code == 503
    assert refused.json() == {"error": "model 'sleepy' is not ready: the model is loading"}
    assert served.get("/v2/models/sleepy").status_code == 200
    served.until("/v2/health/ready", 200)
    assert served.post(INFER, json=matrix([0.0])).status_code == 200


def test_it_ends_at_once_when_told_to_while_loading(serve: Serve, sleepy: Path) -> None:
    served = serve(sleepy, ready=False, SLEEPY_LOAD="60")
    served.until("/v2/health/live", 200)
    start = time.monotonic()
    served.process.send_signal(signal.SIGTERM)
    assert served.wait() == 0
    assert time.monotonic() - start < 10
    assert "Traceback" not in served.errors


def test_health_answers_while_the_model_thinks(serve: Serve, sleepy: Path) -> None:
    served = serve(sleepy)
    with ThreadPoolExecutor() as pool, httpx.Client() as client:
        slow = pool.submit(served.post, INFER, json=matrix([2.0]))
        time.sleep(0.3)
        worst = 0.0
        while not slow.done():
            start = time.monotonic()
            assert client.get(served.url + "/v2/health/live").status_code == 200
            worst = max(worst, time.monotonic() - start)
    assert slow.result().status_code == 200
    assert worst < 1.0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_under_way_is_answered_and_readiness_is_false_until_then(
    serve: Serve, sleepy: Path, number: signal.Signals
) -> None:
    served = serve(sleepy)
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(served.post, INFER, json=matrix([2.0]))
        time.sleep(0.3)
        served.process.send_signal(number)
        response = served.until("/v2/health/ready", 503)
        assert response.json()["error"] == "not ready: the server is shutting down"
        assert response.headers["connection"] == "close"
        late = served.post(INFER, json=matrix([0.0]))
        assert (late.status_code, late.headers["connection"]) == (200, "close")
        assert not slow.done()
        assert slow.result().status_code == 200
    assert served.wait() == 0
    with pytest.raises(httpx.ConnectError):
        served.get("/v2/health/live")


def test_a_request_that_outlasts_the_grace_period_is_cut_off_and_told(serve: Serve, sleepy: Path) -> None:
    served = serve(sleepy, SLIPWAY_POD_GRACE_SECONDS="11")
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(served.post, INFER, json=matrix([20.0]))
        time.sleep(0.3)
        start = time.monotonic()
        served.process.send_signal(signal.SIGTERM)
        assert served.wait() == 0
        assert time.monotonic() - start < 8
        assert slow.result().status_code == 503
        assert slow.result().json() == {
            "error": "the server shut down before the model had answered: ask again"
        }
    assert "Traceback" not in served.errors
    assert "1 request(s) were cut off: the pod's grace period is too short" in served.errors


def test_a_second_signal_ends_it_at_once(serve: Serve, sleepy: Path) -> None:
    served = serve(sleepy)
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(served.post, INFER, json=matrix([20.0]))
        time.sleep(0.3)
        served.process.send_signal(signal.SIGINT)
        served.until("/v2/health/ready", 503)
        served.process.send_signal(signal.SIGINT)
        assert served.wait() == 128 + signal.SIGINT
        with pytest.raises(httpx.TransportError):
            slow.result()


AT_READY = """
import os, signal, sys
from slipway_predictor.main import main
from slipway_predictor.serving import run

def announce(*_):
    print(*sorted({"kserve", "fastapi", "grpc", "pandas", "sklearn", "scipy", "joblib"} & set(sys.modules)), flush=True)
    os.kill(os.getpid(), signal.SIGINT)

run._announce = announce
sys.exit(main(["serve", sys.argv[1], "--http-port", "0", *sys.argv[2:]]))
"""


@pytest.mark.parametrize(
    ("arguments", "there"),
    [
        ([], ""),
        (["--grpc-port", "0"], "grpc"),
        (["--engine", "sklearn"], "joblib pandas scipy sklearn"),
    ],
    ids=["engine", "grpc", "sklearn"],
)
def test_nothing_is_imported_before_ready_that_the_fast_lane_does_not_need(
    bundles: Path, arguments: list[str], there: str
) -> None:
    command = [sys.executable, "-c", AT_READY, str(bundles / "v1"), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=PATIENCE)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == there


def test_what_is_handed_over_at_once_waits_for_kserve_s_server(
    serve: Serve, bundles: Path, holdout: dict[str, Any]
) -> None:
    served = serve(bundles / "v1")
    response = served.post("/v1/models/breast-cancer:predict", json={"instances": holdout["rows"][:2]})
    assert response.status_code == 200
    assert len(response.json()["predictions"]) == 2
