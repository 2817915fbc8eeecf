"""The status drawn from Deployments, pods and routes."""

from typing import Any

import pytest

from slipway_standin.settings import Settings
from slipway_standin.status import Draft, same

NOW = "2026-01-02T00:00:00Z"


def condition(kind: str, status: str, reason: str = "R", message: str = "M") -> dict:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def of(draft: Draft, kind: str) -> tuple[str, str]:
    found = next(entry for entry in draft.finish("Standard")["conditions"] if entry["type"] == kind)
    return found["status"], found.get("reason", "")


@pytest.mark.parametrize(
    ("conditions", "ready"),
    [
        ([], ("False", "")),
        ([condition("Progressing", "True", "NewReplicaSetCreated")], ("Unknown", "NewReplicaSetCreated")),
        ([condition("Progressing", "True", "ReplicaSetUpdated"), condition("Available", "False", "Min")],
         ("False", "Min")),
        ([condition("Progressing", "True", "ReplicaSetUpdated"), condition("Available", "True", "Min")],
         ("True", "Min")),
        ([condition("Progressing", "True", "NewReplicaSetAvailable"), condition("Available", "True")],
         ("True", "NewReplicaSetAvailable")),
        ([condition("Progressing", "False", "ProgressDeadlineExceeded"), condition("Available", "True")],
         ("False", "ProgressDeadlineExceeded")),
        ([condition("Available", "True"), condition("ReplicaFailure", "True", "FailedCreate")],
         ("False", "FailedCreate")),
    ],
)  # fmt: skip
def test_the_predictor_is_as_ready_as_its_deployment(conditions: list, ready: tuple) -> None:
    draft = Draft(None, NOW)
    draft.deployment({"status": {"conditions": conditions, "observedGeneration": 3}}, "http://u")
    assert of(draft, "PredictorReady") == ready
    status = draft.finish("Standard")
    assert status["observedGeneration"] == 3
    assert status["components"]["predictor"] == ({"url": "http://u"} if ready[0] == "True" else {})


def pod(*, ready: bool = True, initializer: Any = None) -> dict:
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    statuses = [{"name": "storage-initializer", **initializer}] if initializer else []
    return {"status": {"phase": "Running", "conditions": conditions, "initContainerStatuses": statuses}}


def ready_draft() -> Draft:
    draft = Draft(None, NOW)
    draft.conditions.set("IngressReady", "True")
    draft.conditions.set("PredictorReady", "True")
    return draft


ENDED = {"exitCode": 2, "reason": "Error", "message": "gone"}


@pytest.mark.parametrize(
    ("pods", "target", "transition"),
    [
        ([], "Pending", "InProgress"),
        ([pod()], "Loaded", "UpToDate"),
        ([pod(initializer={"state": {"running": {}}})], "Loading", "InProgress"),
        ([pod(initializer={"state": {"terminated": ENDED}})], "FailedToLoad", "BlockedByFailedLoad"),
        ([pod(initializer={"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": ENDED}})],
         "FailedToLoad", "BlockedByFailedLoad"),
        ([pod(initializer={"state": {"waiting": {"reason": "ImagePullBackOff"}}})], "Loaded", "UpToDate"),
    ],
)  # fmt: skip
def test_the_models_state(pods: list, target: str, transition: str) -> None:
    draft = ready_draft()
    assert draft.pods(pods)
    model = draft.finish("Standard")["modelStatus"]
    assert (model["states"]["targetModelState"], model["transitionStatus"]) == (target, transition)
    if target == "FailedToLoad":
        assert model["lastFailureInfo"] == {"reason": "ModelLoadFailed", "message": "gone", "exitCode": 2}


def test_an_initializer_that_failed_before_and_runs_again_is_looked_at_soon() -> None:
    again = {"state": {"running": {}}, "lastState": {"terminated": ENDED}}
    assert not ready_draft().pods([pod(initializer=again)])


def test_a_crashing_container_is_never_reported() -> None:
    draft = Draft(None, NOW)
    crashing = pod(ready=False)
    crashing["status"]["containerStatuses"] = [
        {"name": "kserve-container", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    ]
    draft.pods([crashing])
    model = draft.finish("Standard")["modelStatus"]
    assert model["states"] == {"activeModelState": "", "targetModelState": "Pending"}
    assert "lastFailureInfo" not in model


def test_ready_pods_are_counted() -> None:
    draft = Draft(None, NOW)
    draft.pods([pod(), pod(ready=False), pod()])
    assert draft.finish("Standard")["modelStatus"]["copies"] == {"failedCopies": 0, "totalCopies": 2}


ACCEPTED = {"status": {"parents": [{"conditions": [{"type": "Accepted", "status": "True"}]}]}}


@pytest.mark.parametrize(
    ("routes", "reason"),
    [
        ([None, None], "Predictor Deployment NotReady"),
        ([{}, ACCEPTED], "ParentStatusNotAvailable"),
        ([ACCEPTED, {"status": {"parents": [{"conditions": [condition("Accepted", "False", "NoGateway")]}]}}],
         "NoGateway"),
        ([ACCEPTED, ACCEPTED], ""),
    ],
)  # fmt: skip
def test_the_routes(routes: list, reason: str) -> None:
    draft = Draft(None, NOW)
    accepted = draft.routes(zip(("Predictor", "InferenceService"), routes, strict=True))
    assert accepted is (not reason)
    assert of(draft, "IngressReady") == ("False" if reason else "True", reason)


def test_the_runtime_is_named_in_one_of_two_fields() -> None:
    draft = Draft({"clusterServingRuntimeName": "old"}, NOW)
    draft.runtime("own", cluster=False)
    status = draft.finish("Standard")
    assert status["servingRuntimeName"] == "own"
    assert "clusterServingRuntimeName" not in status


def test_stopping_forgets_once() -> None:
    draft = ready_draft()
    draft.exposed("http://u", "http://a")
    draft.stop()
    assert "url" not in draft.finish("Standard")
    again = Draft(draft.finish("Standard"), NOW)
    again.runtime("r", cluster=True)
    again.stop()
    assert again.finish("Standard")["clusterServingRuntimeName"] == "r"


def test_two_statuses_are_the_same_whenever_they_were_taken() -> None:
    one = ready_draft().finish("Standard")
    other = {**one, "conditions": [{**c, "lastTransitionTime": "later"} for c in one["conditions"]]}
    assert same(one, other)
    assert not same(one, {**other, "url": "http://u"})
    assert not same(None, other)


def test_the_status_given_is_left_as_it_is() -> None:
    given = {"modelStatus": {"transitionStatus": ""}, "conditions": []}
    draft = Draft(given, NOW)
    draft.invalid("R", "M")
    assert given == {"modelStatus": {"transitionStatus": ""}, "conditions": []}


@pytest.mark.parametrize(("namespace", "fits"), [("n" * 30, True), ("n" * 31, False)])
def test_a_host_name_has_63_characters_before_the_first_dot(namespace: str, fits: bool) -> None:
    assert (Settings().why_no_host("x" * 32, namespace) is None) is fits
