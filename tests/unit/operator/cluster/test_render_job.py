"""The Job of a gate."""

from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.api.status import Revision
from slipway_operator.cluster.render.common import Subject
from slipway_operator.cluster.render.job import job_name, render_job
from slipway_operator.rollout.observation import GateTicket

SPEC = ModelDeploymentSpec.model_validate({"model": {"uri": "pvc://m/2", "digest": "sha256:" + "a" * 64}})
SUBJECT = Subject("churn", "ml", "uid-1", SPEC)
CANARY = Revision(revision="bbbb2222", version="2", uri="pvc://m/2", component="transformer")
STABLE = Revision(revision="aaaa1111", version="1", uri="pvc://m/1")
TICKET = GateTicket("bbbb2222", "2026-01-01T00:00:00.000Z", "job/backtest", 1)
WRITTEN = {
    "template": {
        "spec": {"containers": [{"name": "a", "image": "i", "env": [{"name": "SLIPWAY_NAME", "value": "x"}]}]}
    }
}


def test_the_user_s_spec_is_filled_in_and_told_what_it_is_about():
    body = render_job(SUBJECT, CANARY, STABLE, TICKET, WRITTEN, 600)
    assert (body["spec"]["backoffLimit"], body["spec"]["activeDeadlineSeconds"]) == (0, 600)
    pod = body["spec"]["template"]["spec"]
    assert pod["restartPolicy"] == "Never"
    environment = {part["name"]: part["value"] for part in pod["containers"][0]["env"]}
    assert environment["SLIPWAY_NAME"] == "x", "what the user sets stays"
    assert environment["SLIPWAY_CANARY_URL"] == "http://churn-bbbb2222-transformer.ml.svc.cluster.local"
    assert environment["SLIPWAY_STABLE_URL"] == "http://churn-aaaa1111-predictor.ml.svc.cluster.local"
    assert environment["SLIPWAY_CANARY_VERSION"] == "2"
    assert "labels" not in body["spec"]["template"].get("metadata", {}), "its pods are no revision's"
    assert "restartPolicy" not in WRITTEN["template"]["spec"], "the frozen rollout is not changed"


def test_what_the_user_sets_of_the_job_stays():
    body = render_job(SUBJECT, CANARY, None, TICKET, {**WRITTEN, "backoffLimit": 3}, 600)
    assert body["spec"]["backoffLimit"] == 3


def test_every_attempt_has_a_name_of_its_own_that_fits():
    long = Subject("a" * 40, "ml", "uid", SPEC)
    names = {
        job_name(long, TICKET),
        job_name(long, GateTicket("bbbb2222", TICKET.started_at, "job/backtest", 2)),
    }
    assert len(names) == 2
    assert max(map(len, names)) <= 63
