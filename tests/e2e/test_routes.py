"""Routes beside the plain one: gRPC, sticky clients, a route of the user's own, and a transformer in front."""

import asyncio
import json
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from urllib.parse import urlsplit

import grpc
import pytest
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import GRPCInferenceServiceStub
from tests.e2e.slipway import NAME, condition

from slipway_demo.traffic import body

pytestmark = pytest.mark.e2e

PORTS = [
    {"name": "http", "containerPort": 8080, "protocol": "TCP"},
    {"name": "grpc", "containerPort": 9000, "protocol": "TCP"},
]
GRPC = {
    "traffic": {"grpc": {}},
    "template": {"spec": {"predictor": {"model": {"args": ["--grpc-port", "9000"], "ports": PORTS}}}},
}


async def in_thread(call, *arguments, **options):
    return await asyncio.to_thread(call, *arguments, **options)


@dataclass
class Caller:
    """Held-out rows over gRPC, one after another; every answer kept as (row, revision, label or status)."""

    place: object
    answers: list[tuple[int, str, object]] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator["Caller"]:
        stop = Event()
        thread = Thread(target=self._run, args=[stop])
        thread.start()
        try:
            yield self
        finally:
            stop.set()
            thread.join()

    def _run(self, stop: Event) -> None:
        url, host = urlsplit(self.place.target.url), urlsplit(self.place.status()["url"]).hostname
        options = [("grpc.default_authority", host)]
        with grpc.insecure_channel(f"{url.hostname}:{url.port}", options=options) as channel:
            stub, number = GRPCInferenceServiceStub(channel), 0
            while not stop.wait(0.02):
                row = number % len(self.place.models.rows)
                self.answers.append((row, *self._one(stub, self.place.models.rows[row])))
                number += 1

    def _one(self, stub, values) -> tuple[str, object]:
        contents = pb.InferTensorContents(fp64_contents=values)
        tensor = pb.ModelInferRequest.InferInputTensor(
            name="rows", datatype="FP64", shape=[1, len(values)], contents=contents
        )
        request = pb.ModelInferRequest(model_name=NAME, inputs=[tensor])
        try:
            answer, call = stub.ModelInfer.with_call(request, timeout=10)
        except grpc.RpcError as error:
            return dict(error.initial_metadata() or ()).get("x-slipway-revision", ""), error.code().name
        (label,) = [part for part in answer.outputs if part.name == "label"]
        return dict(call.initial_metadata())["x-slipway-revision"], label.contents.int64_contents[0]


async def test_grpc_is_switched_together_with_rest_and_no_request_is_lost(place):
    old = (await in_thread(place.serve, "1", **GRPC))["stable"]["revision"]
    client, caller = place.client(rate=40), Caller(place)
    async with client.running():
        with caller.running():
            await in_thread(place.apply, "2", **GRPC)
            status = await in_thread(
                place.until, lambda s: s["phase"] == "Healthy" and s["stable"]["version"] == "2"
            )
            await in_thread(place.until, lambda s: not s.get("previous"), 30)
            await asyncio.sleep(5)
    new = status["stable"]["revision"]
    versions = {old: "1", new: "2"}
    wrong = [
        (row, revision, label)
        for row, revision, label in caller.answers
        if revision not in versions or label != place.models.offline(versions[revision])[row]
    ]
    assert not wrong, f"{len(wrong)} of {len(caller.answers)} answers over gRPC: {wrong[:3]}"
    assert not [answer for answer in client.answers if answer.failed]
    for answers in ([part[1] for part in caller.answers], [part.revision for part in client.answers]):
        assert set(answers) == {old, new}
        assert set(answers[-50:]) == {new}


async def test_a_model_that_fails_over_grpc_alone_is_caught(place):
    stable = (await in_thread(place.serve, "1", **GRPC))["stable"]["revision"]
    caller = Caller(place)
    with caller.running():
        await in_thread(place.apply, "3", steps=[{"weight": 30, "hold": "60s"}], **GRPC)
        status = await in_thread(place.until, lambda s: s["phase"] == "RolledBack")
        await asyncio.sleep(2)
    assert status["failed"]["reason"] == "ErrorRateWorse"
    failed = {revision for _, revision, label in caller.answers if isinstance(label, str)}
    assert stable not in failed, "an answer over gRPC is HTTP 200 whatever comes of it"
    assert {revision for _, revision, _ in caller.answers[-50:]} == {stable}


def test_a_runtime_without_a_grpc_port_is_refused_before_anything_is_made(place):
    place.apply("1", traffic={"grpc": {}})
    status = place.until(lambda s: condition(s, "Stalled")[0] == "True")
    assert condition(status, "Stalled")[1] == "GrpcNotServed"
    assert place.pods() == {}


def ask(place, row: int, host: str, **headers: str) -> tuple[int, str]:
    """A request for one row: HTTP status and revision."""
    request = urllib.request.Request(
        f"{place.target.url}/v2/models/{NAME}/infer",
        data=body(place.models.rows[row]),
        headers={"Host": host, "Content-Type": "application/json", **headers},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status, answer.headers["x-slipway-revision"]


def test_sticky_clients_stay_on_the_canary_while_its_weight_rises(place):
    sticky = {"traffic": {"sticky": {"header": "x-user-id"}}}
    host = urlsplit(place.serve("1", **sticky)["url"]).hostname
    steps = [{"weight": weight, "hold": "20s"} for weight in (20, 50, 90)]
    place.apply("2", steps=steps, **sticky)
    users, known, rounds = [f"user-{number}" for number in range(60)], {}, []
    canary = place.until(lambda s: (s.get("step") or {}).get("tookAt"))["canary"]["revision"]
    while place.status().get("canary"):
        round_ = {user: ask(place, 0, host, **{"x-user-id": user})[1] for user in users}
        gone = [user for user in users if known.get(user) == canary and round_[user] != canary]
        assert not gone or not place.status().get("canary"), f"{gone} went from the canary back to stable"
        known = round_
        rounds.append(sum(revision == canary for revision in round_.values()))
    assert 0 < rounds[0] < len(users)
    assert rounds[-1] > rounds[0]


FRONT = "front"


def front(place) -> dict:
    namespace, _, gateway = place.target.gateway.partition("/")
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": FRONT, "namespace": place.namespace},
        "spec": {
            "parentRefs": [{"namespace": namespace, "name": gateway}],
            "hostnames": [f"{FRONT}-{place.namespace}.localhost"],
            "rules": [
                {
                    "matches": [{"path": {"type": "PathPrefix", "value": "/v2"}}],
                    "timeouts": {"request": "7s"},
                    "backendRefs": [{"name": NAME, "port": 80}],
                }
            ],
        },
    }


def rule_of(place) -> dict:
    (rule,) = place.target.get("httproute", FRONT, "-n", place.namespace)["spec"]["rules"]
    return rule


ROUTE_REF = {"traffic": {"routeRef": {"name": FRONT}}}


async def test_in_a_route_of_the_users_own_only_the_weights_move(place):
    await in_thread(place.apply, "1", **ROUTE_REF)
    status = await in_thread(place.until, lambda s: condition(s, "Stalled")[0] == "True")
    assert condition(status, "RouteAccepted")[1] == "RouteNotFound"
    place.target.apply(front(place))
    status = await in_thread(place.until, lambda s: s["phase"] == "Healthy")
    assert urlsplit(status["url"]).hostname == f"{FRONT}-{place.namespace}.localhost"
    client = place.client(rate=40)
    async with client.running():
        await in_thread(place.apply, "2", **ROUTE_REF)
        status = await in_thread(
            place.until, lambda s: s["phase"] == "Healthy" and s["stable"]["version"] == "2"
        )
        await in_thread(place.until, lambda s: not s.get("previous"), 30)
        await asyncio.sleep(5)
    assert not [answer for answer in client.answers if answer.failed]
    assert {answer.revision for answer in client.answers[-50:]} == {status["stable"]["revision"]}
    rule = rule_of(place)
    assert rule["timeouts"] == {"request": "7s"}
    assert place.target.get("httproute", NAME, "-n", place.namespace) is None, "Slipway made none of its own"


def test_weights_that_the_user_edits_are_put_back_and_the_route_outlives_the_deployment(place):
    place.target.apply(front(place))
    place.apply("1", **ROUTE_REF)
    stable = place.until(lambda s: s["phase"] == "Healthy")["stable"]["revision"]
    place.apply("2", steps=[{"weight": 30, "hold": "5m"}], **ROUTE_REF)
    place.until(lambda s: (s.get("step") or {}).get("tookAt"))
    wanted = {part["name"]: part["weight"] for part in rule_of(place)["backendRefs"]}
    assert wanted[f"{NAME}-{stable}-predictor"] == 700_000
    edit = '[{"op": "replace", "path": "/spec/rules/0/backendRefs/0/weight", "value": 5}]'
    place.kubectl("patch", "httproute", FRONT, "--type=json", "-p", edit)
    deadline = time.monotonic() + 30
    while {part["name"]: part["weight"] for part in rule_of(place)["backendRefs"]} != wanted:
        assert time.monotonic() < deadline, f"not put back: {json.dumps(rule_of(place)['backendRefs'])}"
        time.sleep(0.5)
    place.kubectl("delete", "md", NAME, "--timeout=30s")
    time.sleep(5)
    assert rule_of(place), "the route is the user's"


PROXY = """
import os, sys, urllib.request, urllib.error
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PREDICTOR = sys.argv[sys.argv.index("--predictor_host") + 1]

class Front(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        kept = {name: self.headers[name] for name in ("content-type", "x-request-id") if name in self.headers}
        request = urllib.request.Request(f"http://{PREDICTOR}{self.path}", data=body or None, headers=kept)
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                status, answer = reply.status, reply.read()
        except urllib.error.HTTPError as error:
            status, answer = error.code, error.read()
        if os.environ.get("BROKEN"):
            status, answer = 500, b'{"error": "the transformer is broken"}'
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST

    def log_message(self, *_):
        pass

class Server(ThreadingHTTPServer):
    def server_bind(self):  # without asking a name server who we are
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "front", 8080

Server(("0.0.0.0", 8080), Front).serve_forever()
"""


def fronted(place, **environment: str) -> dict:
    """A template with a transformer that passes everything on, or breaks it."""
    container = {
        "name": "kserve-container",
        "image": place.target.predictor_image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "-c", PROXY],
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        "ports": [{"containerPort": 8080, "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
    }
    return {"template": {"spec": {"transformer": {"containers": [container]}}}}


SHADOW = {"gates": {"shadow": {"requests": 60, "minAgreement": 0.9}}}


async def test_a_transformer_is_rolled_out_with_the_predictor_behind_it(place):
    await in_thread(place.serve, "1", **fronted(place))
    client = place.client(rate=40)
    async with client.running():
        await in_thread(place.apply, "2", rollout=SHADOW, **fronted(place))
        status = await in_thread(
            place.until, lambda s: s["phase"] == "Healthy" and s["stable"]["version"] == "2", 120
        )
        await asyncio.sleep(2)
    assert not [answer for answer in client.answers if answer.failed]
    assert status["stable"]["component"] == "transformer"
    gates = {gate["name"]: gate for gate in status["gates"]}
    assert gates["shadow"]["state"] == gates["golden"]["state"] == gates["warmup"]["state"] == "Passed"
    assert "by its predictor alone" not in gates["warmup"]["message"]
    looks = {look["metric"]: look for look in status["analysis"]}
    assert looks["error-rate"]["source"] == "gateway"
    assert looks["predictions"]["verdict"] != "Error", looks["predictions"]["message"]


async def test_a_broken_transformer_is_caught_before_any_client_meets_it(place):
    stable = (await in_thread(place.serve, "1", **fronted(place)))["stable"]["revision"]
    client = place.client(rate=40)
    async with client.running():
        await in_thread(place.apply, "2", **fronted(place, BROKEN="1"))
        status = await in_thread(place.until, lambda s: s["phase"] == "RolledBack", 120)
    assert status["failed"]["reason"] == "GateFailed"
    assert "the transformer is broken" in status["failed"]["message"]
    others = [answer for answer in client.answers if answer.revision != stable]
    assert not others, others[:3]
