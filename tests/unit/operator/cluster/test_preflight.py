"""What can be said of a runtime before anything is asked of the cluster."""

import pytest

from slipway_operator.api import names, reasons
from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.api.status import ModelDeploymentStatus
from slipway_operator.cluster.client import Client
from slipway_operator.cluster.preflight import check
from slipway_operator.cluster.render.common import Subject
from slipway_operator.rollout.revision import revision_of

NAMED = {names.ANNOTATION_MODEL_NAME: "env:NAME"}


class NobodyIsAsked(Client):
    """What stands in the way already needs no question."""

    def __init__(self):
        pass


def runtime(annotations=NAMED, container="kserve-container"):
    containers = [{"name": container, "image": "x", "ports": [{"containerPort": 8080}]}]
    metadata = {"name": "custom", "annotations": annotations}
    return {"kind": "ClusterServingRuntime", "metadata": metadata, "spec": {"containers": containers}}


@pytest.mark.parametrize(
    ("found", "traffic", "reason", "words"),
    [
        (None, {}, reasons.RUNTIME_MISSING, "there is no ServingRuntime custom in namespace ml"),
        (runtime({}), {}, reasons.RUNTIME_UNFIT, "annotate it with slipway.dev/model-name"),
        (runtime(container="other"), {}, reasons.RUNTIME_UNFIT, "no container named kserve-container"),
        (runtime(), {"grpc": {}}, reasons.GRPC_UNSERVED, "name one grpc or h2c"),
    ],
)
async def test_a_runtime_that_does_not_fit_is_named_with_the_way_out(found, traffic, reason, words):
    model = {"uri": "s3://models/1", "digest": "sha256:" + "0" * 64, "runtime": "custom"}
    spec = ModelDeploymentSpec.model_validate({"model": model, "traffic": traffic})
    subject = Subject("churn", "ml", "uid", spec)
    problem = await check(NobodyIsAsked(), subject, revision_of(spec), found, ModelDeploymentStatus())
    assert (problem.reason, words in problem.message) == (reason, True), problem
