"""The API server itself refuses what one object alone can get wrong, with a sentence that names the field."""

import asyncio
import copy
from pathlib import Path

import pytest
import yaml

from slipway_operator.cluster.client import ApiError, connect
from slipway_operator.cluster.kinds import MODEL_DEPLOYMENT, Kind

pytestmark = pytest.mark.integration

CRDS = sorted((Path(__file__).resolve().parents[3] / "manifests/crds").glob("*.yaml"))
CRD_KIND = Kind("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition")
DIGEST = "sha256:" + "0" * 64

PROMETHEUS = {"prometheus": {"url": "http://prometheus:9090", "query": "up"}}
WEB = {"web": {"url": "http://desk", "jsonPath": "$.a['b c'][0].d-e"}}
BOUND = {"threshold": {"max": 1}}
GOOD = {
    "apiVersion": "slipway.dev/v1alpha1",
    "kind": "ModelDeployment",
    "metadata": {"name": "churn"},
    "spec": {
        "model": {"uri": "pvc://models/churn/2", "digest": DIGEST},
        "rollout": {"steps": [{"weight": 10, "hold": "1m"}, {"weight": 50, "hold": "90s"}]},
    },
}


@pytest.fixture
async def client(apiserver, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", str(apiserver.kubeconfig))
    client = await connect()
    try:
        for path in CRDS:
            await install(client, yaml.safe_load(path.read_text()))
        yield client
    finally:
        await client.close()


async def install(client, crd):
    path = CRD_KIND.path(name=crd["metadata"]["name"])
    query = {"fieldManager": "test", "force": "true"}
    await client._request("PATCH", path, query, crd, "application/apply-patch+yaml")
    for _ in range(200):
        live = await client.get(CRD_KIND, None, crd["metadata"]["name"])
        conditions = {part["type"]: part["status"] for part in live.get("status", {}).get("conditions") or []}
        if conditions.get("Established") == "True":
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"the CRD was not established: {live.get('status')}")


def changed(path: str, value) -> dict:
    body = copy.deepcopy(GOOD)
    *parents, last = path.split(".")
    place = body
    for part in parents:
        place = place.setdefault(part, {})
    if value is None:
        del place[last]
    else:
        place[last] = value
    return body


async def create(client, namespace, body):
    return await client.create(
        MODEL_DEPLOYMENT, {**body, "metadata": {**body["metadata"], "namespace": namespace}}, dry_run=True
    )


@pytest.mark.parametrize("source", [PROMETHEUS, WEB])
async def test_a_metric_of_one_s_own_is_taken(client, namespace, source):
    metrics = [{"name": "error-rate"}, {"name": "refunds", **source, **BOUND}]
    answer = await create(client, namespace, changed("spec.rollout.analysis", {"metrics": metrics}))
    assert answer["spec"]["rollout"]["analysis"]["metrics"] == metrics


async def test_a_good_one_is_taken_with_its_defaults(client, namespace):
    answer = await create(client, namespace, GOOD)
    assert answer["spec"]["model"]["runtime"] == "slipway-sklearn"
    assert answer["spec"]["rollout"] == GOOD["spec"]["rollout"], "nothing under rollout has a schema default"


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("spec.rollout.steps", [{"weight": 101}], "spec.rollout.steps[0].weight"),
        ("spec.rollout.steps", [{"weight": -1}], "spec.rollout.steps[0].weight"),
        (
            "spec.rollout.steps",
            [{"weight": 50}, {"weight": 10}],
            "weights of the steps must rise from step to step",
        ),
        ("spec.rollout.steps", [{"weight": 50}, {"weight": 50}], "two steps have the same weight"),
        ("spec.rollout.steps", [], "spec.rollout.steps"),
        ("spec.traffic", {"routeRef": {"name": "mine"}, "grpc": {}}, "routeRef stands alone"),
        ("spec.traffic", {"routeRef": {"name": "mine"}, "hostnames": ["a"]}, "routeRef stands alone"),
        ("spec.traffic", {"routeRef": {"name": "m"}, "sticky": {"header": "x"}}, "routeRef stands alone"),
        ("spec.traffic", {"sticky": {"header": "not a name"}}, "must be a header's name"),
        (
            "spec.rollout.steps",
            [{"weight": 5, "hold": "soon"}],
            "must be a duration such as 90s, 5m or 1h30m",
        ),
        ("spec.rollout.steps", [{"weight": 5, "hold": "5"}], "spec.rollout.steps[0].hold"),
        ("spec.rollout.gates.warmup", {"requests": 0}, "spec.rollout.gates.warmup.requests"),
        ("spec.rollout.gates.golden", {"tolerance": -1}, "spec.rollout.gates.golden.tolerance"),
        ("spec.rollout.gates.contract", {"timeout": "soon"}, "must be a duration such as 90s, 5m or 1h30m"),
        ("spec.rollout.gates.webhooks", [], "spec.rollout.gates.webhooks"),
        (
            "spec.rollout.gates.webhooks",
            [{"name": "a", "url": "ftp://a"}],
            "must be an http:// or https:// URL",
        ),
        ("spec.rollout.gates.webhooks", [{"name": "A b", "url": "http://a"}], "must be lower-case letters"),
        ("spec.rollout.gates.webhooks", [{"name": "a"}], "spec.rollout.gates.webhooks[0].url"),
        (
            "spec.rollout.gates.webhooks",
            [{"name": "a", "url": "http://a", "timeout": "2m"}],
            "timeout is for one call: 1m at most",
        ),
        (
            "spec.rollout.gates.webhooks",
            [{"name": "a", "url": "http://a", "retries": 11}],
            "spec.rollout.gates.webhooks[0].retries",
        ),
        (
            "spec.rollout.gates.webhooks",
            [{"name": "a", "url": "http://a"}, {"name": "a", "url": "http://b"}],
            "two webhooks have the same name",
        ),
        ("spec.rollout.steps", [{"hold": "5s"}], "a step has either a weight or an approval"),
        ("spec.rollout.steps", [{"weight": 5, "approval": {}}], "a step has either a weight or an approval"),
        (
            "spec.rollout.steps",
            [{"approval": {}, "hold": "5s"}],
            "an approval has a timeout instead of a hold",
        ),
        ("spec.rollout.analysis", {"interval": "fast"}, "spec.rollout.analysis.interval"),
        ("spec.rollout.analysis", {"falseAlarmRate": 0.5}, "spec.rollout.analysis.falseAlarmRate"),
        ("spec.rollout.analysis", {"onInconclusive": "Wait"}, "spec.rollout.analysis.onInconclusive"),
        ("spec.rollout.analysis", {"metrics": []}, "spec.rollout.analysis.metrics"),
        (
            "spec.rollout.analysis",
            {"metrics": [{"name": "errors"}]},
            "a metric of your own needs a source (prometheus or web)",
        ),
        (
            "spec.rollout.analysis",
            {"metrics": [{"name": "latency", **PROMETHEUS, **BOUND}]},
            "error-rate, latency, fallbacks, rejections and predictions take none",
        ),
        (
            "spec.rollout.analysis",
            {"metrics": [{"name": "refunds", **PROMETHEUS}]},
            "a metric with a source needs a threshold",
        ),
        (
            "spec.rollout.analysis",
            {"metrics": [{"name": "refunds", **PROMETHEUS, **WEB, **BOUND}]},
            "a metric has one source",
        ),
        (
            "spec.rollout.analysis",
            {"metrics": [{"name": "refunds", **PROMETHEUS, "threshold": {"window": "1m"}}]},
            "a threshold needs min or max",
        ),
        (
            "spec.rollout.analysis",
            {"metrics": [{"name": "refunds", **PROMETHEUS, "threshold": {"min": 2, "max": 1}}]},
            "min must not be above max",
        ),
        (
            "spec.rollout.analysis",
            {"metrics": [{"name": "refunds", "web": {**WEB["web"], "jsonPath": "$..a"}, **BOUND}]},
            "must be a path of names and indices",
        ),
        (
            "spec.rollout.analysis",
            {"metrics": [{"name": "refunds", **PROMETHEUS, **BOUND, "tolerance": 1}]},
            "tolerance and reject are for error-rate, latency, fallbacks, rejections and predictions",
        ),
        (
            "spec.rollout",
            {"strategy": "BlueGreen", "steps": [{"weight": 5}]},
            "steps with weights are for the strategy",
        ),
        (
            "spec.rollout",
            {"strategy": "Direct", "steps": [{"approval": {}}]},
            "steps with weights are for the strategy",
        ),
        ("spec.rollout", {"strategy": "Rainbow"}, "spec.rollout.strategy"),
        ("spec.rollout.capacity", {"canary": "Full", "replicas": 2}, "not by both"),
        ("spec.rollout.policyRef", {"kind": "Policy", "name": "a"}, "spec.rollout.policyRef.kind"),
        ("spec.rollout.gates.shadow", {"percent": 0}, "spec.rollout.gates.shadow.percent"),
        (
            "spec.rollout.analysis",
            {"metrics": [{"name": "latency"}, {"name": "latency"}]},
            "a metric may be listed once",
        ),
        (
            "spec.rollout.analysis",
            {"metrics": [{"name": "latency", "tolerance": 5, "reject": 5}]},
            "tolerance must be smaller than reject",
        ),
        ("spec.rollout.progressDeadline", "1d", "spec.rollout.progressDeadline"),
        ("spec.rollout.keepStable", {"for": "1.5h"}, "spec.rollout.keepStable.for"),
        ("spec.rollout.keepStable", {"weight": 51}, "spec.rollout.keepStable.weight"),
        ("spec.model.uri", "", "spec.model.uri"),
        ("spec.model.uri", None, "spec.model.uri: Required value"),
        ("spec.model.uri", "models/churn", "must be a storage URI that KServe knows"),
        ("spec.model.digest", None, "digest is required (unpickling runs code)"),
        ("spec.model.digest", "sha256:abc", "must be sha256: followed by 64 lower-case hex digits"),
        ("spec.traffic", {"hostnames": []}, "spec.traffic.hostnames"),
        ("metadata.name", "a" * 41, "metadata.name may have 40 characters at most"),
        ("metadata.name", "9lives", "starting with a letter"),
        ("spec.model", None, "spec.model: Required value"),
    ],
)
async def test_a_bad_one_is_refused_by_name(client, namespace, path, value, words):
    with pytest.raises(ApiError) as refusal:
        await create(client, namespace, changed(path, value))
    assert refusal.value.status == 422
    assert words in refusal.value.message


async def test_everything_a_rollout_may_say_is_taken(client, namespace):
    rollout = {
        "steps": [{"weight": 5, "hold": "1m"}, {"approval": {"timeout": "1h"}}, {"weight": 50}],
        "analysis": {
            "interval": "30s",
            "falseAlarmRate": 0.001,
            "wrongPassRate": 0.1,
            "onInconclusive": "Rollback",
            "stepUpEarly": True,
            "metrics": [
                {"name": "error-rate", "tolerance": 0.1, "reject": 1.5},
                {"name": "predictions", "dryRun": False},
            ],
        },
        "gates": {
            "contract": {"enabled": False},
            "artifact": {},
            "warmup": {"requests": 50, "timeout": "5m"},
            "golden": {"tolerance": 0},
            "webhooks": [
                {"name": "risk", "url": "https://risk.example.com/gate", "timeout": "1m", "retries": 0},
                {"name": "second", "url": "http://second"},
            ],
        },
        "deadline": "2h",
    }
    answer = await create(client, namespace, changed("spec.rollout", rollout))
    assert answer["spec"]["rollout"] == rollout


async def test_unverified_is_possible_when_asked_for(client, namespace):
    body = changed("spec.model.digest", None)
    body["spec"]["model"]["allowUnverified"] = True
    await create(client, namespace, body)


async def test_formats_that_run_no_code_need_no_digest(client, namespace):
    body = changed("spec.model.digest", None)
    body["spec"]["model"] |= {"format": "onnx", "runtime": "tritonserver"}
    await create(client, namespace, body)


async def test_unknown_fields_are_refused_under_strict_validation(client, namespace):
    body = changed("spec.rollout.stepz", [])
    body["metadata"]["namespace"] = namespace
    query = {"fieldValidation": "Strict", "dryRun": "All"}
    with pytest.raises(ApiError, match=r"unknown field .*stepz"):
        await client._request("POST", MODEL_DEPLOYMENT.path(namespace), query, body)
