"""A server that is not ours, under KServe's stock definition of it: MLServer, judged by what the gateway sees."""

import asyncio
from dataclasses import replace

import pytest
from tests.e2e.slipway import condition

from slipway_lab import extra

pytestmark = pytest.mark.e2e
STEPS = [{"weight": 20, "hold": "10s"}, {"weight": 50, "hold": "5s"}]


def runtime(image):
    """KServe's own kserve-mlserver, with the lab's image and what a small machine has to give."""
    container = {
        "name": "kserve-container",
        "image": image,
        "imagePullPolicy": "Never",
        "env": [
            {"name": "MLSERVER_MODEL_IMPLEMENTATION", "value": "{{.Labels.modelClass}}"},
            {"name": "MLSERVER_HTTP_PORT", "value": "8080"},
            {"name": "MLSERVER_GRPC_PORT", "value": "9000"},
            {"name": "MLSERVER_PARALLEL_WORKERS", "value": "0"},
        ],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "resources": {"requests": {"cpu": "50m", "memory": "256Mi"}},
    }
    return {
        "apiVersion": "serving.kserve.io/v1alpha1",
        "kind": "ServingRuntime",
        "metadata": {"name": "kserve-mlserver"},
        "spec": {
            "annotations": {"prometheus.kserve.io/port": "8080", "prometheus.kserve.io/path": "/metrics"},
            "supportedModelFormats": [{"name": "sklearn", "version": "1", "autoSelect": True, "priority": 2}],
            "protocolVersions": ["v2"],
            "containers": [container],
        },
    }


@pytest.fixture
def mlserver(place):
    """The namespace with MLServer as its runtime, and how to deploy on it."""
    body = runtime(extra.load("mlserver"))
    body["metadata"]["namespace"] = place.namespace
    place.target.apply(body)

    def deploy(version):
        place.apply(
            version, model={"runtime": "kserve-mlserver"}, steps=STEPS, rollout={"progressDeadline": "3m"}
        )

    return deploy


async def test_mlserver_rolls_out_behind_one_url_and_goes_back(place, mlserver):
    await asyncio.to_thread(mlserver, "1")
    first = await asyncio.to_thread(place.until, lambda s: s["phase"] == "Healthy", 180)
    client = replace(place.client(rate=20), output="predict")
    async with client.running():
        await asyncio.to_thread(mlserver, "2")
        second = await asyncio.to_thread(
            place.until, lambda s: s["phase"] == "Healthy" and s["stable"]["version"] == "2", 240
        )
        good = list(client.answers)
        await asyncio.to_thread(mlserver, "3")
        third = await asyncio.to_thread(place.until, lambda s: s["phase"] == "RolledBack", 240)
        await asyncio.sleep(2)
    assert first["url"] == second["url"] == third["url"]
    assert not [answer for answer in good if answer.failed]
    assert {answer.revision for answer in good} == {s["stable"]["revision"] for s in (first, second)}
    known = {s["stable"]["revision"]: s["stable"]["version"] for s in (first, second)}
    wrong = [a for a in good if a.label != place.models.offline(known[a.revision])[a.row]]
    assert not wrong, f"{len(wrong)} answers differ from the model's own"
    gates = {gate["name"]: gate["state"] for gate in second["gates"]} if second.get("gates") else {}
    assert set(gates.values()) <= {"Passed", "Skipped"}, gates
    # Version 3 finds its columns by their names, which a matrix does not have: MLServer answers 500.
    assert third["failed"]["reason"] == "ErrorRateWorse"
    (look,) = [look for look in third["analysis"] if look["metric"] == "error-rate"]
    assert (look["verdict"], look["source"]) == ("Fail", "gateway")
    assert third["stable"]["version"] == "2"
    assert condition(third, "Ready")[0] == "True"
    assert {answer.revision for answer in client.answers[-20:]} == {third["stable"]["revision"]}
