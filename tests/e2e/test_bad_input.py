"""Bad input: a reason and a sentence in status, stable untouched, nobody else disturbed."""

import pytest
from tests.e2e.slipway import NAME, condition

pytestmark = pytest.mark.e2e

NO_CLAIM = {"model": {"uri": "pvc://nothing/v2"}}
NO_RUNTIME = {"model": {"runtime": "no-such-runtime"}}
NO_GATEWAY = {"traffic": {"parentRefs": [{"name": "no-such-gateway", "namespace": "kserve"}]}}


@pytest.fixture(scope="module")
def serving(module_place):
    """One ModelDeployment that serves version 1; every test here leaves it serving."""
    module_place.serve("1")
    return module_place


@pytest.mark.parametrize(
    ("over", "reason", "words"),
    [
        (NO_CLAIM, "PersistentVolumeClaimNotFound", "no PersistentVolumeClaim nothing"),
        (NO_RUNTIME, "RuntimeNotFound", "no-such-runtime"),
        (NO_GATEWAY, "GatewayNotFound", "no-such-gateway"),
    ],
)
def test_what_is_missing_is_named_before_anything_is_made(serving, over, reason, words):
    pods = serving.pods()
    serving.apply("2", **over)
    status = serving.until(lambda s: condition(s, "Stalled")[0] == "True", 20)
    assert condition(status, "Stalled")[1] == reason
    assert words in condition(status, "Stalled")[2]
    assert status["stable"]["version"] == "1"
    assert serving.pods() == pods
    serving.apply("1")
    serving.until(lambda s: s["phase"] == "Healthy" and condition(s, "Stalled")[0] == "False", 20)


@pytest.mark.parametrize(
    ("over", "reason", "words"),
    [
        ({"model": {"digest": "sha256:" + "0" * 64}}, "CrashLoop", "digest"),
        ({"model": {"uri": "pvc://models/nothing-here"}}, "CrashLoop", "model.yaml"),
        (
            {"template": {"spec": {"predictor": {"model": {"image": "localhost/no-such-image:1"}}}}},
            "ImagePullFailed",
            "no-such-image",
        ),
        (
            {"template": {"spec": {"predictor": {"model": {"resources": {"requests": {"cpu": "500"}}}}}}},
            "ProgressDeadlineExceeded",
            "Insufficient cpu",
        ),
    ],
)
def test_a_revision_that_cannot_serve_is_named_and_rolled_back(serving, over, reason, words):
    serving.apply("2", rollout={"progressDeadline": "30s"}, **over)
    status = serving.until(lambda s: s["phase"] == "RolledBack", 60)
    assert status["failed"]["reason"] == reason
    assert words in status["failed"]["message"]
    assert status["stable"]["version"] == "1"
    assert condition(status, "Ready")[0] == "True"
    serving.apply("1")
    serving.until(lambda s: s["phase"] == "Healthy", 20)


def test_a_host_name_that_is_taken_is_refused_with_its_holders_name(serving):
    hostname = f"{NAME}-{serving.namespace}.localhost"
    serving.target.apply(serving.body("1", name="second", traffic={"hostnames": [hostname]}))
    status = serving.until(lambda s: condition(s, "Stalled")[0] == "True", 20, name="second")
    assert condition(status, "Stalled")[1] == "HostnameConflict"
    assert f"belongs to ModelDeployment {NAME} in namespace {serving.namespace}" in status["message"]
    assert serving.status()["phase"] == "Healthy"
    serving.kubectl("delete", "md", "second")


def test_a_name_that_is_too_long_for_kserve_is_told_in_its_own_words(serving):
    name = "a-name-that-has-just-forty-characters-ok"
    serving.target.apply(serving.body("1", name=name))
    status = serving.until(lambda s: condition(s, "Stalled")[0] == "True", 40, name=name)
    assert condition(status, "Stalled")[1] == "InferenceServiceFailed"
    assert "must be no more than 63 characters" in status["message"]
    serving.kubectl("delete", "md", name)


def test_what_kserve_would_refuse_is_told_in_its_own_words(serving):
    serving.apply("2", template={"spec": {"predictor": {"minReplicas": -1}}})
    status = serving.until(lambda s: condition(s, "Stalled")[0] == "True", 20)
    assert condition(status, "Stalled")[1] == "InferenceServiceRefused"
    assert "inReplicas" in status["message"]
    serving.apply("1")
    serving.until(lambda s: s["phase"] == "Healthy" and condition(s, "Stalled")[0] == "False", 20)
