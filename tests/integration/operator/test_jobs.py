"""Gates that are Jobs, on a real API server; the test plays the Job controller."""

import asyncio
import contextlib

import pytest
from tests.unit.operator.gates.server import scene, side

from slipway_operator.api.gates import EffectiveGate
from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.cluster.kinds import JOB, POD, Kind
from slipway_operator.cluster.render.common import Subject
from slipway_operator.cluster.render.job import job_name
from slipway_operator.jobs import run_job
from slipway_operator.rollout.observation import GateTicket

pytestmark = pytest.mark.integration
TICKET = GateTicket("rev2", "2026-01-01T00:00:00.000Z", "job/backtest", 1)
SPEC = {"template": {"spec": {"containers": [{"name": "backtest", "image": "backtest:1"}]}}}


def subject(namespace):
    content = {"model": {"uri": "pvc://m/2", "digest": "sha256:" + "a" * 64}}
    return Subject("churn", namespace, "uid-1", ModelDeploymentSpec.model_validate(content))


def attempt(client, namespace, spec=SPEC):
    gate = EffectiveGate(name="job/backtest", timeout_seconds=60, job=spec)
    made = scene(side("2"), side("1"))
    return asyncio.create_task(run_job(client, subject(namespace), made, gate, TICKET, interval=0.05))


async def there(client, namespace):
    """The Job, once it is there."""
    name = job_name(subject(namespace), TICKET)
    async with asyncio.timeout(10):
        while (found := await client.get(JOB, namespace, name)) is None:  # noqa: ASYNC110 (there is no event)
            await asyncio.sleep(0.05)
    return found


async def end(client, job, kind, message=""):
    """What the Job controller writes."""
    moment = "2026-01-01T00:00:00Z"
    before = "SuccessCriteriaMet" if kind == "Complete" else "FailureTarget"
    conditions = [
        {
            "type": part,
            "status": "True",
            "message": message,
            "lastTransitionTime": moment,
            "lastProbeTime": moment,
        }
        for part in (before, kind)
    ]
    status = {"startTime": moment, "conditions": conditions, "uncountedTerminatedPods": {}}
    if kind == "Complete":
        status |= {"completionTime": moment, "succeeded": 1}
    live = await client.get(JOB, job["metadata"]["namespace"], job["metadata"]["name"])
    await client.replace_status(JOB, {**live, "status": status})


async def said(client, job, words):
    """A pod of the Job that has ended with these last words."""
    namespace, name = job["metadata"]["namespace"], job["metadata"]["name"]
    metadata = {"name": f"{name}-x", "namespace": namespace, "labels": {"batch.kubernetes.io/job-name": name}}
    spec = {"containers": [{"name": "backtest", "image": "x"}], "serviceAccountName": "default"}
    made = await client.create(POD, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    ended = {"terminated": {"exitCode": 1, "message": words, "reason": "Error"}}
    container = {
        "name": "backtest",
        "image": "x",
        "imageID": "",
        "ready": False,
        "restartCount": 0,
        "state": ended,
    }
    await client.replace_status(POD, {**made, "status": {"containerStatuses": [container]}})


@pytest.fixture
async def account(client, namespace):
    """Without a controller nobody makes a namespace's default ServiceAccount."""
    body = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "default", "namespace": namespace},
    }
    await client.create(Kind("", "v1", "serviceaccounts", "ServiceAccount"), body)


async def test_a_job_that_completes_lets_the_canary_pass(client, namespace):
    running = attempt(client, namespace)
    job = await there(client, namespace)
    environment = {part["name"] for part in job["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert "SLIPWAY_CANARY_URL" in environment
    await end(client, job, "Complete")
    found = await running
    assert found.verdict == "Passed", found.message


async def test_a_job_that_fails_says_why_in_its_pod_s_words(client, namespace, account):
    running = attempt(client, namespace)
    job = await there(client, namespace)
    await said(client, job, "AUC fell to 0.81")
    await end(client, job, "Failed", "Job has reached the specified backoff limit")
    found = await running
    assert found.verdict == "Failed"
    assert found.message.endswith("has failed: Job has reached the specified backoff limit: AUC fell to 0.81")


async def test_a_new_operator_finds_the_job_and_waits_on(client, namespace):
    first = attempt(client, namespace)
    job = await there(client, namespace)
    second = attempt(client, namespace)
    await asyncio.sleep(0.2)
    await end(client, job, "Complete")
    assert {(await first).verdict, (await second).verdict} == {"Passed"}


async def test_an_attempt_that_is_given_up_takes_its_job_along(client, namespace):
    running = attempt(client, namespace)
    job = await there(client, namespace)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    left = await client.get(JOB, namespace, job["metadata"]["name"])
    assert left is None or "deletionTimestamp" in left["metadata"]


async def test_a_job_that_somebody_deletes_is_an_error(client, namespace):
    running = attempt(client, namespace)
    job = await there(client, namespace)
    finalizers = {"metadata": {"finalizers": None}}
    await client.delete(JOB, namespace, job["metadata"]["name"])
    with contextlib.suppress(Exception):
        await client.merge(JOB, namespace, job["metadata"]["name"], finalizers)
    found = await running
    assert found.verdict == "Error"
    assert "was deleted before it ended" in found.message


async def test_a_job_that_the_api_server_does_not_take_is_a_failed_gate(client, namespace):
    found = await attempt(client, namespace, {"template": {"spec": {"containers": []}}})
    assert found.verdict == "Failed"
    assert "the Job cannot be made" in found.message
    assert "containers: Required value" in found.message
