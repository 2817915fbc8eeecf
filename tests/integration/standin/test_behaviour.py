"""What the recordings do not show but the notes on KServe do: runtimes, drift, names taken, other modes."""

import copy
import logging
from typing import Any

import pytest

from slipway_standin import kinds
from slipway_standin.api import ApiError
from slipway_standin.apply import NotOursError, StillThereError
from slipway_standin.controller import UnservedError
from slipway_standin.objects import Key, Obj

pytestmark = pytest.mark.integration


def image_of(deployment: Obj) -> str:
    return str(deployment["spec"]["template"]["spec"]["containers"][0]["image"])


async def edit_runtime(cluster: Any, image: str) -> None:
    runtime = await cluster.api.get(kinds.CLUSTER_RUNTIME, "", "lab-sklearn")
    runtime["spec"]["containers"][0]["image"] = image
    await cluster.api.replace(kinds.CLUSTER_RUNTIME, runtime)


async def test_an_edited_runtime_rolls_every_deployment_in_place(cluster: Any, an_isvc: Any) -> None:
    for name in ("a", "b"):
        await cluster.apply(an_isvc(name))
        await cluster.settle(name)
    await edit_runtime(cluster, "localhost/pred:3")
    for name in ("a", "b"):
        await cluster.settle(name)
        deployment = await cluster.get("Deployment", f"{name}-predictor")
        assert image_of(deployment) == "localhost/pred:3"
        assert deployment["metadata"]["generation"] == 2


async def test_a_ready_one_that_wants_no_updates_is_skipped_wholly(cluster: Any, an_isvc: Any) -> None:
    await cluster.apply(an_isvc(**{"disable-auto-update": "true"}))
    await cluster.settle()
    await edit_runtime(cluster, "localhost/pred:3")
    await cluster.settle()
    assert image_of(await cluster.get("Deployment", "m-predictor")) == "localhost/pred:3", (
        "not Ready yet: followed"
    )
    await cluster.serve()
    await edit_runtime(cluster, "localhost/pred:4")
    isvc = await cluster.get("InferenceService", "m")
    isvc["spec"]["predictor"]["minReplicas"] = 2
    await cluster.apply(isvc)
    await cluster.settle()
    deployment = await cluster.get("Deployment", "m-predictor")
    assert (image_of(deployment), deployment["spec"]["replicas"]) == ("localhost/pred:3", 1)


async def test_a_runtime_of_the_namespace_comes_before_the_clusters_and_may_be_scaled_in_place(
    cluster: Any, an_isvc: Any
) -> None:
    own = copy.deepcopy(await cluster.api.get(kinds.CLUSTER_RUNTIME, "", "lab-sklearn"))
    own["kind"], own["metadata"] = "ServingRuntime", {"name": "lab-sklearn", "namespace": cluster.namespace}
    own["spec"]["containers"][0]["image"] = "localhost/own:1"
    await cluster.api.create(kinds.RUNTIME, own)
    await cluster.apply(an_isvc())
    status = (await cluster.settle())[-1]
    assert status["servingRuntimeName"] == "lab-sklearn"
    assert "clusterServingRuntimeName" not in status
    await edit_runtime(cluster, "localhost/pred:3")
    isvc = await cluster.get("InferenceService", "m")
    isvc["spec"]["predictor"]["minReplicas"] = 2
    await cluster.apply(isvc)
    await cluster.settle()
    deployment = await cluster.get("Deployment", "m-predictor")
    assert (image_of(deployment), deployment["spec"]["replicas"]) == ("localhost/own:1", 2)


async def test_drift_is_corrected(cluster: Any, an_isvc: Any) -> None:
    await cluster.apply(an_isvc(public=True))
    await cluster.settle()
    await cluster.serve()
    wanted = {}
    for kind, name in (("Deployment", "m-predictor"), ("Service", "m-predictor"), ("HTTPRoute", "m")):
        wanted[kind, name] = (await cluster.get(kind, name))["spec"]
    deployment = await cluster.get("Deployment", "m-predictor")
    deployment["spec"]["replicas"] = 7
    deployment["spec"]["template"]["spec"]["containers"][0]["env"].append({"name": "ADDED", "value": "1"})
    await cluster.api.replace(kinds.DEPLOYMENT, deployment)
    service = await cluster.get("Service", "m-predictor")
    service["spec"]["ports"][0]["targetPort"] = 9999
    await cluster.api.replace(kinds.SERVICE, service)
    route = await cluster.get("HTTPRoute", "m")
    route["spec"]["rules"][0]["backendRefs"][0]["weight"] = 3
    await cluster.api.replace(kinds.ROUTE, route)
    await cluster.settle()
    for (kind, name), spec in wanted.items():
        expected = {**spec, "replicas": 1} if kind == "Deployment" else spec
        assert (await cluster.get(kind, name))["spec"] == expected, kind


async def test_replicas_are_the_autoscalers_unless_the_class_is_none(cluster: Any, an_isvc: Any) -> None:
    await cluster.apply(an_isvc(autoscalerClass="hpa"))
    await cluster.settle()
    deployment = await cluster.get("Deployment", "m-predictor")
    deployment["spec"]["replicas"] = 3
    await cluster.api.replace(kinds.DEPLOYMENT, deployment)
    await edit_runtime(cluster, "localhost/pred:3")
    await cluster.settle()
    assert (await cluster.get("Deployment", "m-predictor"))["spec"]["replicas"] == 3
    isvc = await cluster.get("InferenceService", "m")
    isvc["metadata"]["annotations"]["serving.kserve.io/autoscalerClass"] = "external"
    await cluster.api.replace(kinds.ISVC, isvc)
    await cluster.settle()
    assert await cluster.get("HorizontalPodAutoscaler", "m-predictor") is None


async def test_a_name_that_is_taken_is_left_to_its_owner_and_said(cluster: Any, an_isvc: Any) -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "m-predictor"}}
    await cluster.apply({**service, "spec": {"ports": [{"port": 1}]}})
    await cluster.apply(an_isvc())
    with pytest.raises(NotOursError, match="controlled by nobody: delete it"):
        await cluster.controller.reconcile(Key(cluster.namespace, "m"))
    [predictor] = [
        entry
        for entry in (await cluster.get("InferenceService", "m"))["status"]["conditions"]
        if entry["type"] == "PredictorReady"
    ]
    assert predictor["reason"] == "ReconcileFailed"
    assert "m-predictor exists and is controlled by nobody" in predictor["message"]
    assert (await cluster.get("Service", "m-predictor"))["spec"]["ports"][0]["port"] == 1


async def test_what_a_former_one_left_is_waited_for(cluster: Any, an_isvc: Any) -> None:
    key = Key(cluster.namespace, "m")
    await cluster.apply(an_isvc())
    await cluster.settle()
    await cluster.api.delete(kinds.ISVC, cluster.namespace, "m")
    await cluster.controller.reconcile(key)
    await cluster.apply(an_isvc())
    with pytest.raises(StillThereError):
        await cluster.controller.reconcile(key)
    for kind in (kinds.SERVICE, kinds.DEPLOYMENT):
        await cluster.api.delete(kind, cluster.namespace, "m-predictor")
    assert (await cluster.settle())[-1]["modelStatus"]["transitionStatus"] == "InProgress"


async def test_other_modes_are_never_touched_and_said_once(
    cluster: Any, an_isvc: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    made = await cluster.apply(an_isvc(deploymentMode="Knative"))
    assert await cluster.settle() == []
    assert await cluster.settle() == []
    live = await cluster.get("InferenceService", "m")
    assert live["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
    assert [r.getMessage() for r in caplog.records if "left alone" in r.getMessage()] == [
        f"{cluster.namespace}/m: deployment mode Knative is not this stand-in's: left alone"
    ]


async def test_the_old_name_of_the_mode_becomes_the_new_one(cluster: Any, an_isvc: Any) -> None:
    made = await cluster.apply(an_isvc(deploymentMode="RawDeployment"))
    assert made["metadata"]["annotations"]["serving.kserve.io/deploymentMode"] == "Standard"
    assert (await cluster.settle())[-1]["deploymentMode"] == "Standard"


async def test_what_the_api_server_refuses_is_said_in_its_words(cluster: Any, an_isvc: Any) -> None:
    isvc = an_isvc()
    isvc["spec"]["predictor"]["model"]["resources"] = {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}
    await cluster.apply(isvc)
    conditions = {entry["type"]: entry for entry in (await cluster.settle())[-1]["conditions"]}
    assert conditions["PredictorReady"]["reason"] == "ReconcileFailed"
    assert "must be less than or equal to cpu limit of 1" in conditions["PredictorReady"]["message"]


@pytest.mark.parametrize(
    ("change", "reason", "message"),
    [
        (
            {"protocolVersion": "grpc-v1"},
            "NoSupportingRuntime",
            "does not support specified protocol version",
        ),
        (
            {"modelFormat": {"name": "onnx"}},
            "NoSupportingRuntime",
            "does not support specified framework/version",
        ),
        ({"runtime": None, "modelFormat": {"name": "onnx"}}, "NoSupportingRuntime", "No runtime found"),
        ({"args": ["{{.Nope}}"]}, "InvalidPredictorSpec", "unknown placeholder {{.Nope}}"),
    ],
)
async def test_a_model_nothing_serves_is_an_invalid_spec(
    cluster: Any, an_isvc: Any, change: Obj, reason: str, message: str
) -> None:
    isvc = an_isvc()
    isvc["spec"]["predictor"]["model"] |= change
    await cluster.apply(isvc)
    with pytest.raises(UnservedError):
        await cluster.controller.reconcile(Key(cluster.namespace, "m"))
    model = (await cluster.get("InferenceService", "m"))["status"]["modelStatus"]
    assert model["transitionStatus"] == "InvalidSpec"
    assert model["lastFailureInfo"]["reason"] == reason
    assert message in model["lastFailureInfo"]["message"]
    assert await cluster.get("Deployment", "m-predictor") is None


async def test_a_fetched_model_that_fails_is_reported_with_the_initializers_last_words(
    cluster: Any, an_isvc: Any
) -> None:
    isvc = an_isvc()
    isvc["spec"]["predictor"]["model"]["storageUri"] = "s3://bucket/model"
    await cluster.apply(isvc)
    await cluster.settle()
    template = (await cluster.get("Deployment", "m-predictor"))["spec"]["template"]
    pod = {**template, "metadata": {**template["metadata"], "name": "m-1"}}
    made = await cluster.apply({"apiVersion": "v1", "kind": "Pod", **pod})
    [initializer] = made["spec"]["initContainers"]
    assert initializer["image"] == "kserve/storage-initializer:latest"
    assert initializer["args"] == ["s3://bucket/model", "/mnt/models"]
    said = {"exitCode": 1, "reason": "Error", "message": "no such bucket"}
    status = {"name": "storage-initializer", "ready": False, "restartCount": 1, "image": "x", "imageID": "x"}
    await cluster.say(
        "Pod",
        "m-1",
        {"phase": "Pending", "initContainerStatuses": [{**status, "state": {"terminated": said}}]},
    )
    model = (await cluster.settle())[-1]["modelStatus"]
    assert model["transitionStatus"] == "BlockedByFailedLoad"
    assert model["lastFailureInfo"] == {
        "reason": "ModelLoadFailed",
        "message": "no such bucket",
        "exitCode": 1,
    }


async def test_a_transformer_has_a_workload_of_its_own_and_the_address_is_its(
    cluster: Any, an_isvc: Any
) -> None:
    isvc = an_isvc()
    isvc["spec"]["transformer"] = {"minReplicas": 2, "containers": [{"name": "t", "image": "x"}]}
    await cluster.apply(isvc)
    seen = await cluster.settle()
    made = await cluster.get("Deployment", "m-transformer")
    assert made["spec"]["replicas"] == 2
    (container,) = made["spec"]["template"]["spec"]["containers"]
    assert container["args"][:4] == [
        "--model_name",
        "m",
        "--predictor_host",
        f"m-predictor.{cluster.namespace}",
    ]
    assert (await cluster.get("Service", "m-transformer"))["spec"]["ports"][0]["port"] == 80
    assert await cluster.get("Deployment", "m-predictor")
    assert seen[-1]["address"]["url"] == f"http://m-transformer.{cluster.namespace}.svc.cluster.local"
    conditions = {entry["type"]: entry["status"] for entry in seen[-1]["conditions"]}
    assert "TransformerReady" in conditions
    assert [owner["name"] for owner in made["metadata"]["ownerReferences"]] == ["m"]


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({"explainer": {"containers": [{"name": "t"}]}}, "spec.explainer is not built by this stand-in"),
        (
            {"predictor": {"minReplicas": 3, "maxReplicas": 2}},
            "'MinReplicas' cannot be greater than MaxReplicas",
        ),
        (
            {"predictor": {"model": {"modelFormat": {"name": "sklearn"}, "name": "x"}}},
            "the 'name' field is not",
        ),
    ],
)
async def test_admission_refuses(cluster: Any, an_isvc: Any, spec: Obj, sentence: str) -> None:
    isvc = an_isvc()
    predictor = {**isvc["spec"]["predictor"], **spec.get("predictor", {})}
    isvc["spec"] = {**isvc["spec"], **spec, "predictor": predictor}
    with pytest.raises(ApiError, match="denied the request") as refused:
        await cluster.apply(isvc)
    assert refused.value.code == 403
    assert sentence in refused.value.message
