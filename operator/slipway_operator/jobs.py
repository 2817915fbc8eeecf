"""The gate ``job/NAME``: a Kubernetes Job of the user's, whose end decides. Used by ``gating``."""

import asyncio
import contextlib

from slipway_operator.api.gates import EffectiveGate
from slipway_operator.calls.http import plain
from slipway_operator.cluster.client import ApiError, Client, Json
from slipway_operator.cluster.kinds import JOB, POD
from slipway_operator.cluster.render.common import Subject
from slipway_operator.cluster.render.job import render_job
from slipway_operator.gates.scene import Answer, Scene
from slipway_operator.rollout.diagnosis import pod_state
from slipway_operator.rollout.observation import GateTicket, GateVerdict

INTERVAL = 2.0
"""Seconds from one look to the next."""


async def run_job(
    client: Client,
    subject: Subject,
    scene: Scene,
    gate: EffectiveGate,
    ticket: GateTicket,
    interval: float = INTERVAL,
) -> Answer:
    """Make the Job, or find the one that an earlier operator has made, and wait for its end.

    Given up (the rollout is aborted), it is deleted. Raises ApiError where the API server does not answer.
    """
    stable = scene.stable.revision if scene.stable else None
    body = render_job(
        subject, scene.canary.revision, stable, ticket, dict(gate.job or {}), gate.timeout_seconds
    )
    name = body["metadata"]["name"]
    try:
        await client.create(JOB, body)
    except ApiError as error:
        if error.reason != "AlreadyExists":
            return _refused(error)
    try:
        return await _end(client, subject.namespace, name, interval)
    except asyncio.CancelledError:
        with contextlib.suppress(ApiError):
            await client.delete(JOB, subject.namespace, name)
        raise


async def _end(client: Client, namespace: str, name: str, interval: float) -> Answer:
    while True:
        job = await client.get(JOB, namespace, name)
        if job is None:
            return Answer("Error", f"Job {name} was deleted before it ended")
        ended = _condition(job)
        if ended:
            words = await _words(client, namespace, name)
            if ended["type"] == "Complete":
                return Answer("Passed", f"Job {name} has completed{words}")
            return Answer("Failed", plain(f"Job {name} has failed: {ended.get('message', '')}{words}"))
        await asyncio.sleep(interval)


def _condition(job: Json) -> Json | None:
    conditions: list[Json] = job.get("status", {}).get("conditions") or []
    ends = [
        part for part in conditions if part["type"] in ("Complete", "Failed") and part["status"] == "True"
    ]
    return ends[0] if ends else None


async def _words(client: Client, namespace: str, name: str) -> str:
    """What its last pod said (its termination message), if anything."""
    pods = await client.list(POD, namespace, f"batch.kubernetes.io/job-name={name}")
    pods.sort(key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")))
    said = [words for pod in pods if (words := pod_state(pod).last_words or _message(pod))]
    return f": {said[-1]}" if said else ""


def _message(pod: Json) -> str | None:
    """The termination message of a container that ended well."""
    for container in pod.get("status", {}).get("containerStatuses", []):
        message = container.get("state", {}).get("terminated", {}).get("message")
        if message:
            return plain(message)
    return None


def _refused(error: ApiError) -> Answer:
    verdict: GateVerdict = "Failed" if error.status in (400, 403, 422) else "Error"
    return Answer(verdict, plain(f"the Job cannot be made: {error.message}"))
