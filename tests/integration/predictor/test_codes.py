"""What has no place in a body: deadlines, overload, not ready, shutting down; over REST and gRPC with one meaning."""

import json
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import GRPCInferenceServiceStub

from slipway_lab.loopback import free_port

from .conftest import PATIENCE, Serve, Served, matrix

INFER = "/v2/models/sleepy/infer"


class Both:
    """A served sleepy model with its gRPC port."""

    def __init__(self, serve: Serve, folder: Path, *arguments: str, **options: Any) -> None:
        self.port = free_port()
        self.served: Served = serve(folder, "--grpc-port", str(self.port), *arguments, **options)

    def rest(self, seconds: float, **headers: str) -> httpx.Response:
        return self.served.post(INFER, json=matrix([seconds]), headers=headers)

    @contextmanager
    def channel(self) -> Iterator[grpc.Channel]:
        with grpc.insecure_channel(f"127.0.0.1:{self.port}") as channel:
            yield channel

    def grpc(self, seconds: float, timeout: float = PATIENCE) -> Any:
        with self.channel() as channel:
            return GRPCInferenceServiceStub(channel).ModelInfer(message([seconds]), timeout=timeout)

    def code(self, seconds: float, timeout: float = PATIENCE) -> Any:
        try:
            self.grpc(seconds, timeout)
        except grpc.RpcError as error:
            return error.code()
        return grpc.StatusCode.OK

    def health(self) -> int:
        with self.channel() as channel:
            asked = health_pb2.HealthCheckRequest(service="inference.GRPCInferenceService")
            status: int = health_pb2_grpc.HealthStub(channel).Check(asked, timeout=PATIENCE).status
            return status


def message(row: list[float]) -> Any:
    contents = pb.InferTensorContents(fp64_contents=row)
    tensor = pb.ModelInferRequest.InferInputTensor(name="x", datatype="FP64", shape=[1, 1], contents=contents)
    return pb.ModelInferRequest(model_name="sleepy", inputs=[tensor])


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_request_over_its_time_is_504_and_deadline_exceeded(serve: Serve, sleepy: Path) -> None:
    both = Both(serve, sleepy, "--timeout-seconds", "0.5")
    begin = time.monotonic()
    late = both.rest(3.0)
    assert (late.status_code, late.json()) == (504, {"error": "the model has not answered within 0.5 s"})
    assert both.code(3.0) is grpc.StatusCode.DEADLINE_EXCEEDED
    assert time.monotonic() - begin < 3
    text = both.served.get("/metrics").text
    assert 'inference_errors_total{model="sleepy",reason="DeadlineExceeded",revision=""} 2.0' in text


def test_a_client_s_own_deadline_is_kept(serve: Serve, sleepy: Path) -> None:
    both = Both(serve, sleepy)
    late = both.rest(3.0, **{"x-envoy-expected-rq-timeout-ms": "200"})
    assert (late.status_code, late.json()) == (504, {"error": "the model has not answered within 0.2 s"})
    assert both.code(3.0, timeout=0.3) is grpc.StatusCode.DEADLINE_EXCEEDED


def test_too_much_work_is_refused_at_once_with_503_and_unavailable(serve: Serve, sleepy: Path) -> None:
    both = Both(serve, sleepy)
    both.rest(0.2)  # so that it is known what a row takes
    with ThreadPoolExecutor(24) as pool:
        rest = [pool.submit(both.rest, 2.0) for _ in range(16)]
        until(lambda: any(one.done() for one in rest))  # refused; the others take two seconds
        begin = time.monotonic()
        codes = {both.code(0.0) for _ in range(3)}
        refused = both.rest(0.0)
        assert time.monotonic() - begin < 2, "refusals do not wait"
        answers = [one.result() for one in rest]
    assert codes == {grpc.StatusCode.UNAVAILABLE}
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert "requests are waiting for the model already: try again in a second" in refused.json()["error"]
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) == {200, 503}
    assert all(answer.headers["retry-after"] == "1" for answer in answers if answer.status_code == 503)
    assert both.rest(0.0).status_code == 200


def test_while_it_loads_it_is_unavailable_and_not_serving(serve: Serve, sleepy: Path) -> None:
    both = Both(serve, sleepy, ready=False, SLEEPY_LOAD="3")
    both.served.until("/v2/health/live", 200)
    assert both.code(0.0) is grpc.StatusCode.UNAVAILABLE
    assert both.health() == health_pb2.HealthCheckResponse.NOT_SERVING
    with both.channel() as channel:
        stub = GRPCInferenceServiceStub(channel)
        assert stub.ServerLive(pb.ServerLiveRequest(), timeout=PATIENCE).live
        assert not stub.ServerReady(pb.ServerReadyRequest(), timeout=PATIENCE).ready
        assert not stub.ModelReady(pb.ModelReadyRequest(name="sleepy"), timeout=PATIENCE).ready
    both.served.until("/v2/health/ready", 200)
    assert both.health() == health_pb2.HealthCheckResponse.SERVING
    assert both.code(0.0) is grpc.StatusCode.OK


def test_rest_and_grpc_drain_together_within_one_grace_period(serve: Serve, sleepy: Path) -> None:
    both = Both(serve, sleepy)
    with ThreadPoolExecutor() as pool, both.channel() as watching:
        stub = health_pb2_grpc.HealthStub(watching)
        seen = stub.Watch(health_pb2.HealthCheckRequest(), timeout=PATIENCE)
        assert next(seen).status == health_pb2.HealthCheckResponse.SERVING
        rest, raw = pool.submit(both.rest, 2.0), pool.submit(both.grpc, 2.0)
        time.sleep(0.5)
        begin = time.monotonic()
        both.served.process.send_signal(signal.SIGTERM)
        assert next(seen).status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert both.served.until("/v2/health/ready", 503).headers["connection"] == "close"
        late = pool.submit(both.rest, 0.0), pool.submit(both.code, 0.0)
        assert rest.result().status_code == 200
        assert [output.name for output in raw.result().outputs] == ["value"]
        assert (late[0].result().status_code, late[1].result()) == (200, grpc.StatusCode.OK)
    assert both.served.wait() == 0
    assert time.monotonic() - begin < 15
    assert "cut off" not in both.served.errors


def test_a_message_over_the_limit_is_resource_exhausted(serve: Serve, bundles: Path) -> None:
    port = free_port()
    serve(bundles / "v1", "--grpc-port", str(port), "--max-body-mib", "0.01")
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        row = pb.InferTensorContents(fp64_contents=[0.0] * 30_000)
        tensor = pb.ModelInferRequest.InferInputTensor(
            name="x", datatype="FP64", shape=[1000, 30], contents=row
        )
        with pytest.raises(grpc.RpcError) as caught:
            GRPCInferenceServiceStub(channel).ModelInfer(
                pb.ModelInferRequest(model_name="breast-cancer", inputs=[tensor]), timeout=PATIENCE
            )
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_reflection_lists_what_there_is(serve: Serve, sleepy: Path) -> None:
    both = Both(serve, sleepy)
    with both.channel() as channel:
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        (answer,) = stub.ServerReflectionInfo(iter([asked]), timeout=PATIENCE)
    names = {service.name for service in answer.list_services_response.service}
    assert names == {
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
        "inference.GRPCInferenceService",
    }


def test_requests_are_logged_as_json_when_asked_for(serve: Serve, sleepy: Path) -> None:
    both = Both(serve, sleepy, "--log-requests", "1", "--revision", "r1")
    assert both.rest(0.0, **{"x-request-id": "envoy-7"}).status_code == 200
    both.grpc(0.0)
    assert both.served.post(INFER, content=b"{").status_code == 400
    both.served.process.send_signal(signal.SIGTERM)
    stdout, _ = both.served.process.communicate(timeout=PATIENCE)
    lines = [json.loads(line) for line in stdout.splitlines() if line.startswith("{")]
    found = {(line["protocol"], line["status"], line.get("error")) for line in lines}
    assert found == {("v2", 200, None), ("grpc-v2", 200, None), ("v2", 400, "BadRequest")}
    (first,) = [line for line in lines if line["id"] == "envoy-7"]
    assert (first["model"], first["revision"], first["version"]) == ("sleepy", "r1", "1")
    assert not any("inputs" in line for line in lines)


def test_the_metadata_tells_digest_and_engine(serve: Serve, bundles: Path, holdout: dict[str, Any]) -> None:
    served = serve(bundles / "v1")
    parameters = served.get("/v2/models/breast-cancer").json()["parameters"]
    assert parameters["digest"] == holdout["models"]["v1"]["digest"]
    assert "compiled where the bundle was made" in parameters["engine"]


def test_one_process_alone_runs_on_uvloop_and_has_the_admin_port(
    serve: Serve, bundles: Path, holdout: dict[str, Any]
) -> None:
    port = free_port()
    served = serve(bundles / "v1", "--admin-port", str(port))
    served.post("/v2/models/breast-cancer/infer", json=matrix(holdout["rows"][0], id="7"))
    admin = f"http://127.0.0.1:{port}"
    (state,) = httpx.get(f"{admin}/state").json()["workers"]
    assert (state["event_loop"], state["state"], state["pid"]) == ("uvloop", "ready", served.process.pid)
    (entry,) = httpx.get(f"{admin}/answers").json()["answers"]
    assert (entry["id"], entry["rows"], entry["label"]) == ("7", 1, holdout["models"]["v1"]["label"][:1])
    assert "inference_requests_total{" in httpx.get(f"{admin}/metrics").text
    assert httpx.get(served.url + "/answers").status_code == 404
