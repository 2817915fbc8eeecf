"""`--workers`: several processes behind one set of ports, as one server to whoever asks."""

import os
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import GRPCInferenceServiceStub

from slipway_lab.loopback import free_port

from .conftest import PATIENCE, Serve, Served, matrix, run_serve

INFER = "/v2/models/breast-cancer/infer"
SLEEPY = "/v2/models/sleepy/infer"


class Many:
    """A served model with its other ports."""

    def __init__(self, serve: Serve, folder: Path, *arguments: str, **variables: str) -> None:
        self.admin_port, self.grpc_port = free_port(), free_port()
        ports = ("--admin-port", str(self.admin_port), "--grpc-port", str(self.grpc_port))
        self.served = serve(folder, "--workers", "2", *ports, *arguments, **variables)

    def admin(self, path: str) -> Any:
        return httpx.get(f"http://127.0.0.1:{self.admin_port}{path}", timeout=PATIENCE)

    def workers(self) -> list[dict[str, Any]]:
        workers: list[dict[str, Any]] = self.admin("/state").json()["workers"]
        return workers

    def metric(self, name: str) -> float:
        lines = self.served.get("/metrics").text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


@pytest.fixture(scope="module")
def many(serve: Serve, bundles: Path) -> Many:
    return Many(serve, bundles / "v1", "--revision", "r1")


def answers(served: Served, holdout: dict[str, Any], count: int) -> list[str]:
    """Ask so often, each time over a connection of its own; return the ids of the answers."""
    bodies = [matrix(holdout["rows"][at % len(holdout["rows"])]) for at in range(count)]
    return [served.post(INFER, json=body).json()["id"] for body in bodies]


def test_both_answer_over_rest_and_grpc_and_the_figures_are_those_of_both(
    many: Many, holdout: dict[str, Any]
) -> None:
    before = many.metric('inference_requests_total{code="200"')
    ids = answers(many.served, holdout, 40)
    assert len({name.partition("-")[0] for name in ids}) == 2, (
        "ids begin with what is particular to a process"
    )
    row = pb.InferTensorContents(fp64_contents=holdout["rows"][0])
    tensor = pb.ModelInferRequest.InferInputTensor(name="x", datatype="FP64", shape=[1, 30], contents=row)
    for _ in range(10):
        with grpc.insecure_channel(f"127.0.0.1:{many.grpc_port}") as channel:
            GRPCInferenceServiceStub(channel).ModelInfer(
                pb.ModelInferRequest(model_name="breast-cancer", inputs=[tensor]), timeout=PATIENCE
            )
    for _ in range(5):  # whichever worker is asked
        assert many.metric('inference_requests_total{code="200"') == before + 50
        assert many.metric("prediction_scores_count") == before + 50
        assert many.metric("slipway_predictor_workers{") == 2
    ring = many.admin("/answers").json()["answers"]
    assert {entry["id"] for entry in ring} >= set(ids)
    assert [entry["time"] for entry in ring] == sorted(entry["time"] for entry in ring)
    assert [e["id"] for e in many.admin("/answers?limit=3").json()["answers"]] == [e["id"] for e in ring[-3:]]
    assert many.admin("/answers?limit=0").json() == {"answers": []}
    assert many.admin("/answers?limit=x").status_code == 400


def test_each_worker_runs_on_uvloop_and_says_what_it_does(many: Many) -> None:
    workers = sorted(many.workers(), key=lambda worker: int(worker["worker"]))
    assert [worker["worker"] for worker in workers] == [0, 1]
    assert {worker["event_loop"] for worker in workers} == {"uvloop"}
    assert {worker["state"] for worker in workers} == {"ready"}
    assert len({worker["pid"] for worker in workers} | {many.served.process.pid}) == 3
    assert all("compiled where the bundle was made" in worker["engine"] for worker in workers)


def test_a_worker_that_dies_is_replaced_counted_and_its_counts_are_kept(
    many: Many, holdout: dict[str, Any]
) -> None:
    answers(many.served, holdout, 20)
    counted = many.metric('inference_requests_total{code="200"')
    time.sleep(1.2)  # figures are handed over every second
    victim, other = (worker["pid"] for worker in many.workers())
    os.kill(victim, signal.SIGKILL)
    many.served.until("/v2/health/ready", 503)
    assert len(answers(many.served, holdout, 10)) == 10, "the other one answers all"
    many.served.until("/v2/health/ready", 200)
    pids = {worker["pid"] for worker in many.workers()}
    assert other in pids
    assert victim not in pids
    assert len(pids) == 2
    assert many.metric("slipway_predictor_worker_restarts_total{") == 1
    assert many.metric('inference_requests_total{code="200"') == counted + 10
    assert f"(process {victim}) was killed, perhaps for want of memory" in many.served.errors


def test_all_drain_within_one_grace_period(serve: Serve, sleepy: Path) -> None:
    many = Many(serve, sleepy)
    with ThreadPoolExecutor(8) as pool:
        slow = [pool.submit(many.served.post, SLEEPY, json=matrix([2.0])) for _ in range(6)]
        time.sleep(0.5)
        start = time.monotonic()
        many.served.process.send_signal(signal.SIGTERM)
        statuses = Counter(one.result().status_code for one in slow)
    assert many.served.wait() == 0
    assert statuses == {200: 6}
    assert time.monotonic() - start < 20
    assert "Traceback" not in many.served.errors


def test_workers_go_when_their_supervisor_is_killed(serve: Serve, bundles: Path) -> None:
    many = Many(serve, bundles / "v1")
    pids = [worker["pid"] for worker in many.workers()]
    many.served.process.kill()
    end = time.monotonic() + PATIENCE
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < end, "the workers stay"
        time.sleep(0.05)


def test_a_bundle_that_cannot_be_loaded_ends_all_with_one_sentence(bundles: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    folder.mkdir()
    for file in (bundles / "v1").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "model.joblib").write_bytes(b"something else")
    done = run_serve(folder, "--workers", "2")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith(
        "slipway-predictor: file 'model.joblib' is not the one the bundle was made with"
    )


def test_a_taken_port_is_told_at_once(many: Many, bundles: Path) -> None:
    port = many.served.url.rpartition(":")[2]
    for workers in ("1", "2"):
        done = run_serve(bundles / "v1", "--workers", workers, "--http-port", port)
        assert done.returncode == 1
        assert "choose another --host or --http-port" in done.stderr.splitlines()[-1]
