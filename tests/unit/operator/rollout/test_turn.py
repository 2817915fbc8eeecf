"""When to look again, where nothing else says so."""

from datetime import UTC, datetime, timedelta

from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.api.status import ModelDeploymentStatus
from slipway_operator.rollout.observation import Observation, Problem
from slipway_operator.rollout.revision import revision_of
from slipway_operator.rollout.turn import RESYNC, RETRY, Deployment, Turn

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def a_turn(**fields) -> Turn:
    model = {"uri": "s3://m/1", "digest": "sha256:" + "0" * 64}
    spec = ModelDeploymentSpec.model_validate({"model": model})
    deployment = Deployment("churn", 1, spec, ModelDeploymentStatus())
    return Turn(deployment, Observation(), NOW, revision_of(spec), ModelDeploymentStatus(), **fields)


def test_what_is_at_rest_is_looked_at_rarely():
    assert a_turn().decision().wake == NOW + RESYNC


def test_what_stands_in_the_way_is_tried_again_sooner():
    assert a_turn(problem=Problem("Refused", "no")).decision().wake == NOW + RETRY
    assert RETRY < RESYNC


def test_who_is_to_be_woken_is_woken_then_and_never_in_the_past():
    turn = a_turn(problem=Problem("Refused", "no"))
    turn.wake_at(NOW + timedelta(hours=1))
    assert turn.decision().wake == NOW + timedelta(hours=1)
    turn.wake_at(NOW - timedelta(seconds=1))
    assert turn.decision().wake == NOW
