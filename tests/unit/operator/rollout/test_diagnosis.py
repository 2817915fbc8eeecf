"""What the kubelet reports, and what it means."""

from datetime import timedelta

import pytest

from slipway_operator.api import reasons
from slipway_operator.rollout.diagnosis import deployment_failure, failure_of, pod_state, service_failure
from slipway_operator.rollout.observation import RevisionState


def pod(*, containers=(), initial=(), conditions=(), **metadata):
    return {
        "metadata": {"name": "p", **metadata},
        "status": {
            "containerStatuses": list(containers),
            "initContainerStatuses": list(initial),
            "conditions": list(conditions),
        },
    }


def waiting(reason, message="", name="kserve-container", last=None, restarts=0):
    state = {"waiting": {"reason": reason, "message": message}}
    return {
        "name": name,
        "state": state,
        "lastState": {"terminated": last} if last else {},
        "restartCount": restarts,
    }


ENDED = {"exitCode": 1, "reason": "Error", "message": "loading\nslipway-predictor: model.yaml is not there\n"}
READY = {"type": "Ready", "status": "True"}


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        (
            pod(containers=[waiting("CrashLoopBackOff", last=ENDED)]),
            reasons.CRASH_LOOP,
            "container kserve-container ends with code 1: slipway-predictor: model.yaml is not there",
        ),
        (
            pod(
                initial=[
                    waiting("CrashLoopBackOff", name="storage-initializer", last={**ENDED, "message": "403"})
                ]
            ),
            reasons.INIT_FAILED,
            "init container storage-initializer ends with code 1: 403",
        ),
        (
            pod(containers=[waiting("CrashLoopBackOff", last={"exitCode": 137, "reason": "OOMKilled"})]),
            reasons.OUT_OF_MEMORY,
            "OOMKilled",
        ),
        (
            pod(containers=[waiting("ImagePullBackOff", "back-off pulling x")]),
            reasons.IMAGE_PULL_FAILED,
            "pulling x",
        ),
        (
            pod(containers=[waiting("ErrImageNeverPull", "not present")]),
            reasons.IMAGE_PULL_FAILED,
            "not present",
        ),
        (
            pod(containers=[waiting("CreateContainerConfigError", 'secret "s" not found')]),
            reasons.CONTAINER_CONFIG_FAILED,
            'secret "s" not found',
        ),
        (
            pod(
                conditions=[
                    {
                        "type": "PodScheduled",
                        "status": "False",
                        "reason": "Unschedulable",
                        "message": "no cpu",
                    }
                ]
            ),
            reasons.UNSCHEDULABLE,
            "no cpu",
        ),
    ],
)
def test_causes(status, reason, words):
    failure = pod_state(status).failure
    assert failure.reason == reason
    assert words in failure.message


@pytest.mark.parametrize(
    "status",
    [
        pod(),
        pod(conditions=[READY]),
        pod(containers=[waiting("ContainerCreating")]),
        pod(containers=[waiting("PodInitializing")]),
        pod(containers=[{"name": "c", "ready": True, "state": {}, "lastState": {"terminated": ENDED}}]),
        pod(containers=[{"name": "c", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}]),
    ],
)
def test_no_cause(status):
    assert pod_state(status).failure is None


@pytest.mark.parametrize(
    "state",
    [{"state": {"terminated": ENDED}}, {"state": {"running": {}}, "lastState": {"terminated": ENDED}}],
)
def test_a_first_crash_is_named_at_once_but_not_yet_fatal(state):
    once = pod_state(pod(containers=[{"name": "c", "ready": False, **state}])).failure
    assert "model.yaml is not there" in once.message
    assert once.grace > timedelta(0)
    looping = pod_state(pod(containers=[waiting("CrashLoopBackOff", last=ENDED)])).failure
    assert looping.reason == once.reason
    assert looping.grace == timedelta(0)


def test_last_words_come_from_the_time_before_as_well():
    running = {"name": "c", "state": {"running": {}}, "lastState": {"terminated": ENDED}, "restartCount": 2}
    state = pod_state(pod(containers=[running], conditions=[READY]))
    assert state.restarts == 2
    assert state.last_words == "slipway-predictor: model.yaml is not there"


def test_a_pod_on_its_way_out_is_not_ready():
    assert pod_state(pod(conditions=[READY])).ready
    assert not pod_state(pod(conditions=[READY], deletionTimestamp="2026-01-01T00:00:00Z")).ready


def test_the_gravest_cause_is_told():
    pull = pod_state(pod(containers=[waiting("ImagePullBackOff")]))
    crash = pod_state(pod(containers=[waiting("CrashLoopBackOff", last=ENDED)]))
    assert failure_of(RevisionState("r", pods=(pull, crash))).reason == reasons.CRASH_LOOP


def test_long_messages_keep_their_beginning_and_the_cause_at_their_end():
    message = f"cannot reconcile: {'x' * 400}: must be no more than 63 characters"
    condition = {"type": "Ready", "status": "False", "reason": "ReconcileFailed", "message": message}
    short = service_failure({"status": {"conditions": [condition]}}).message
    assert len(short) <= 300
    assert short.startswith("cannot reconcile: x")
    assert short.endswith("x: must be no more than 63 characters")


def test_a_quota_is_seen_on_the_deployment():
    condition = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: small"}
    assert "exceeded quota" in deployment_failure({"status": {"conditions": [condition]}}).message
    assert deployment_failure({"status": {}}) is None


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (
            {
                "conditions": [
                    {"type": "Ready", "status": "False", "reason": "ReconcileFailed", "message": "no host"}
                ]
            },
            "no host",
        ),
        (
            {"modelStatus": {"transitionStatus": "InvalidSpec", "lastFailureInfo": {"message": "no fit"}}},
            "no fit",
        ),
    ],
)
def test_kserves_own_failure_is_told(status, words):
    failure = service_failure({"status": status})
    assert failure.reason == reasons.SERVICE_FAILED
    assert words in failure.message


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"modelStatus": {"transitionStatus": "InProgress"}},
        {"conditions": [{"type": "Ready", "status": "False", "reason": "MinimumReplicasUnavailable"}]},
    ],
)
def test_a_service_on_its_way_has_not_failed(status):
    assert service_failure({"status": status}) is None
