"""The operator as a process, on an API server that has definitions and nothing else: it starts, tells what is missing,
and stops when told to."""

import asyncio

import pytest
from tests.integration.operator.program import PATIENCE, start
from tests.integration.operator.test_crd import GOOD, install
from tests.integration.operator.test_crd import client as client

from slipway_operator.cluster.kinds import MODEL_DEPLOYMENT, ROLLOUT_POLICY
from slipway_scale import objects

pytestmark = pytest.mark.integration


@pytest.fixture
async def definitions(client):
    """KServe's and the Gateway API's kinds."""
    for crd in objects.definitions():
        await install(client, crd)


@pytest.fixture
def operator(definitions, apiserver, tmp_path):
    program = start(apiserver.kubeconfig, tmp_path / "log")
    yield program
    program.kill()


async def status_with(client, namespace, words=""):
    """The status, once its message holds these words."""
    while True:
        found = await client.get(MODEL_DEPLOYMENT, namespace, "churn")
        if found and words in found.get("status", {}).get("message", ""):
            return found["status"]
        await asyncio.sleep(0.2)


async def test_it_starts_tells_what_is_missing_and_stops_cleanly(client, namespace, operator):
    await client.create(MODEL_DEPLOYMENT, {**GOOD, "metadata": {**GOOD["metadata"], "namespace": namespace}})
    async with asyncio.timeout(PATIENCE):
        status = await status_with(client, namespace, "install the chart with gateway.name")
    assert status["phase"] == "Pending"
    assert operator.stop() == 0
    assert "Traceback" not in operator.text
    assert "Unclosed" not in operator.text


async def test_a_deployment_waits_for_its_policy_and_goes_on_when_it_is_made(client, namespace, operator):
    rollout = {"policyRef": {"name": "cautious"}}
    body = {**GOOD, "metadata": {**GOOD["metadata"], "namespace": namespace}}
    gateway = {"parentRefs": [{"name": "gone"}]}
    await client.create(
        MODEL_DEPLOYMENT, {**body, "spec": {**GOOD["spec"], "rollout": rollout, "traffic": gateway}}
    )
    missing = f"there is no RolloutPolicy cautious in namespace {namespace}"
    async with asyncio.timeout(PATIENCE):
        await status_with(client, namespace, missing)
    policy = {"apiVersion": "slipway.dev/v1alpha1", "kind": "RolloutPolicy", "metadata": {"name": "cautious"}}
    policy["metadata"]["namespace"] = namespace
    await client.create(ROLLOUT_POLICY, {**policy, "spec": {"steps": [{"weight": 1}]}})
    async with asyncio.timeout(20):  # at once, not only at the next minute's look
        await status_with(client, namespace, "there is no Gateway")
