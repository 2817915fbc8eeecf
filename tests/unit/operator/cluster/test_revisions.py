"""What is found of the revisions, from objects as the API server gives them."""

from slipway_operator.api import names
from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.cluster.client import Client
from slipway_operator.cluster.kinds import CONTROLLER_REVISION, INFERENCE_SERVICE, SERVING_RUNTIME
from slipway_operator.cluster.render.common import Subject
from slipway_operator.cluster.revisions import find_revisions

MODEL = {"uri": "s3://models/1", "digest": "sha256:" + "0" * 64}
SUBJECT = Subject("churn", "ml", "uid", ModelDeploymentSpec.model_validate({"model": MODEL}))


class Shelf(Client):
    """Lists what it was given."""

    def __init__(self, objects):
        self._objects = objects

    async def list(self, kind, namespace=None, selector=""):
        return self._objects.get(kind, [])


def made(revision: str | None, **spec) -> dict:
    """An object of a revision, or one whose label somebody has taken away."""
    labels = {names.LABEL_DEPLOYMENT: "churn"} | ({names.LABEL_REVISION: revision} if revision else {})
    return {"metadata": {"name": f"churn-{revision}", "labels": labels}, "spec": spec}


async def test_an_object_without_its_label_is_none_of_a_revision():
    kinds = (INFERENCE_SERVICE, SERVING_RUNTIME, CONTROLLER_REVISION)
    found = await find_revisions(Shelf({kind: [made("aa"), made(None)] for kind in kinds}), SUBJECT)
    assert set(found.states) == set(found.services) == {"aa"}
    assert set(found.runtimes) == set(found.records) == {"aa"}


async def test_a_revision_consists_of_what_its_inference_service_has():
    services = [
        made("aa", predictor={"minReplicas": 1}),
        made("bb", predictor={"x": 1}, transformer={"y": 1}),
    ]
    found = await find_revisions(Shelf({INFERENCE_SERVICE: services}), SUBJECT)
    assert found.states["aa"].components == ("predictor",)
    assert found.states["bb"].components == ("predictor", "transformer")
    assert found.components == {"aa": "predictor", "bb": "transformer"}
