"""Why a pod cannot serve, read from what the kubelet reports of it.

KServe reports nothing of this: a crash-looping predictor stays InProgress for ever. Reasons come with the container's
own last words (its termination message, which is the tail of its log under FallbackToLogsOnError), so no right to
read logs is needed. Input is Pod objects as JSON.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from slipway_operator.api import names, reasons
from slipway_operator.rollout.observation import Failure, PodState, RevisionState

CRASH_GRACE = timedelta(seconds=20)  # once may happen (a dependency is late); the back-off ends the waiting
IMAGE_GRACE = timedelta(seconds=10)  # registries hiccup, and the kubelet tries again by itself
CONFIG_GRACE = timedelta(seconds=10)  # a ConfigMap or Secret may be a moment late
UNSCHEDULABLE_GRACE = timedelta(minutes=2)  # a cluster autoscaler may bring a node
CREATION_GRACE = timedelta(seconds=15)  # quotas are freed, and controllers try again

_IMAGE = {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError"}
_CONFIG = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
_LONGEST_WORDS = 300

Json = dict[str, Any]


def pod_state(pod: Json) -> PodState:
    """What decisions need of a Pod."""
    status = pod.get("status", {})
    containers = status.get("containerStatuses", [])
    everything = [*status.get("initContainerStatuses", []), *containers]
    conditions = {part["type"]: part for part in status.get("conditions", [])}
    return PodState(
        name=pod["metadata"]["name"],
        ready=conditions.get("Ready", {}).get("status") == "True"
        and "deletionTimestamp" not in pod["metadata"],
        restarts=sum(part.get("restartCount", 0) for part in containers),
        failure=_pod_failure(status, conditions),
        last_words=next((words for part in everything if (words := _words(part))), None),
        component=pod["metadata"].get("labels", {}).get(names.KSERVE_COMPONENT, names.PREDICTOR),
    )


def failure_of(state: RevisionState) -> Failure | None:
    """Why this revision cannot serve: the gravest cause of its pods, or one above them."""
    causes = [pod.failure for pod in state.pods if pod.failure]
    return min(causes, key=lambda cause: cause.grace, default=state.failure)


def deployment_failure(deployment: Json) -> Failure | None:
    """Why a Deployment cannot even create pods (a quota, an admission webhook)."""
    for part in deployment.get("status", {}).get("conditions", []):
        if part["type"] == "ReplicaFailure" and part["status"] == "True":
            return Failure(reasons.POD_CREATION_FAILED, _short(part.get("message", "")), CREATION_GRACE)
    return None


def service_failure(service: Json) -> Failure | None:
    """Why KServe makes no pods of an InferenceService: it says so in a condition, or in its model status."""
    status = service.get("status", {})
    for part in status.get("conditions", []):
        if part["status"] == "False" and part.get("reason") == "ReconcileFailed":
            return Failure(reasons.SERVICE_FAILED, _short(part.get("message", "")), CREATION_GRACE)
    model = status.get("modelStatus", {})
    if model.get("transitionStatus") == "InvalidSpec":
        message = model.get("lastFailureInfo", {}).get("message", "KServe calls the spec invalid")
        return Failure(reasons.SERVICE_FAILED, _short(message), CREATION_GRACE)
    return None


def _pod_failure(status: Json, conditions: dict[str, Json]) -> Failure | None:
    scheduled = conditions.get("PodScheduled", {})
    if scheduled.get("reason") == "Unschedulable":
        return Failure(reasons.UNSCHEDULABLE, _short(scheduled.get("message", "")), UNSCHEDULABLE_GRACE)
    initial = (_container_failure(part, initial=True) for part in status.get("initContainerStatuses", []))
    ordinary = (_container_failure(part, initial=False) for part in status.get("containerStatuses", []))
    return _first(initial) or _first(ordinary)


def _container_failure(container: Json, *, initial: bool) -> Failure | None:
    name, waiting = container.get("name", "?"), container.get("state", {}).get("waiting", {})
    reason = waiting.get("reason", "")
    if reason in _IMAGE:
        message = f"container {name} has no image: {waiting.get('message') or reason}"
        return Failure(reasons.IMAGE_PULL_FAILED, _short(message), IMAGE_GRACE)
    if reason in _CONFIG:
        message = f"container {name} cannot be created: {waiting.get('message') or reason}"
        return Failure(reasons.CONTAINER_CONFIG_FAILED, _short(message), CONFIG_GRACE)
    return None if container.get("ready") else _crash(container, name, initial=initial)


def _crash(container: Json, name: str, *, initial: bool) -> Failure | None:
    """It has ended badly and is not ready since: named at once, fatal when the kubelet backs off."""
    states = (container.get("state", {}), container.get("lastState", {}))
    ended: Json = next((state["terminated"] for state in states if "terminated" in state), {})
    if not ended.get("exitCode"):
        return None
    looping = container.get("state", {}).get("waiting", {}).get("reason") == "CrashLoopBackOff"
    grace = timedelta(0) if looping else CRASH_GRACE
    if ended.get("reason") == "OOMKilled":
        return Failure(
            reasons.OUT_OF_MEMORY, f"container {name} was killed for want of memory (OOMKilled)", grace
        )
    kind, reason = ("init container", reasons.INIT_FAILED) if initial else ("container", reasons.CRASH_LOOP)
    words = _words(container) or "it left no message"
    return Failure(reason, _short(f"{kind} {name} ends with code {ended['exitCode']}: {words}"), grace)


def _words(container: Json) -> str | None:
    """The last line a container said before it ended, now or the time before."""
    for state in (container.get("state", {}), container.get("lastState", {})):
        ended = state.get("terminated", {})
        lines = [line.strip() for line in ended.get("message", "").splitlines() if line.strip()]
        if lines and ended.get("exitCode"):
            return _short(lines[-1])
        if ended.get("reason") == "OOMKilled":
            return "killed for want of memory (OOMKilled)"
    return None


def _first(causes: Iterable[Failure | None]) -> Failure | None:
    return next((cause for cause in causes if cause), None)


def _short(text: str) -> str:
    """Both ends of a long text: what it is about stands first, and the cause of a wrapped error last."""
    if len(text) <= _LONGEST_WORDS:
        return text
    half = _LONGEST_WORDS // 2 - 2
    return f"{text[:half].rstrip()} … {text[-half:].lstrip()}"
