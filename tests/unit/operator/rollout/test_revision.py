"""What makes a new revision and, as important, what does not."""

import pytest

from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.rollout.revision import default_version, revision_hash, revision_of

BASE = {"model": {"uri": "pvc://models/churn/2", "digest": "sha256:" + "a" * 64}}


def parse(**over) -> ModelDeploymentSpec:
    return ModelDeploymentSpec.model_validate({**BASE, **over})


def test_the_hash_is_what_it_has_always_been():
    """An operator upgrade makes no new revision: this value may never change under one API version."""
    full = parse(
        template={
            "metadata": {"labels": {"team": "risk"}},
            "spec": {"predictor": {"minReplicas": 2, "model": {"resources": {"limits": {"cpu": "1"}}}}},
        },
    )
    assert revision_hash(parse()) == "f18456e1"
    assert revision_hash(full) == "dd8270c3"


@pytest.mark.parametrize(
    "same",
    [
        parse(template={}),
        parse(template={"metadata": {}, "spec": {"predictor": {}}}),
        parse(template={"spec": {"predictor": {"minReplicas": 3, "maxReplicas": 9}}}),
        parse(traffic={"hostnames": ["a.example.com"]}),
        parse(rollout={"steps": [{"weight": 5, "hold": "1m"}]}),
        parse(model={**BASE["model"], "format": "sklearn", "runtime": "slipway-sklearn"}),
    ],
)
def test_what_does_not_reach_the_pod_makes_no_revision(same):
    assert revision_hash(same) == revision_hash(parse())


@pytest.mark.parametrize(
    "other",
    [
        parse(model={**BASE["model"], "uri": "pvc://models/churn/3"}),
        parse(model={**BASE["model"], "digest": "sha256:" + "b" * 64}),
        parse(model={**BASE["model"], "runtime": "triton"}),
        parse(model={**BASE["model"], "name": "other"}),
        parse(template={"metadata": {"annotations": {"try": "2"}}}),
        parse(template={"spec": {"predictor": {"serviceAccountName": "reader"}}}),
        parse(template={"spec": {"transformer": {"containers": [{"image": "x"}]}}}),
    ],
)
def test_what_reaches_the_pod_does(other):
    assert revision_hash(other) != revision_hash(parse())


@pytest.mark.parametrize(
    ("uri", "version"),
    [("pvc://models/churn/2", "2"), ("s3://bucket/churn-v3/", "churn-v3"), ("oci://image", "image")],
)
def test_default_version_is_the_last_segment(uri, version):
    assert default_version(uri) == version


def test_a_transformer_takes_the_traffic():
    wanted = revision_of(parse(template={"spec": {"transformer": {"containers": []}}}))
    assert wanted.component == "transformer"
