"""The pod template of a predictor."""

from typing import Any

import pytest

from slipway_standin.pod import PodError, metadata, pod_spec, storage_uri
from slipway_standin.runtimes import Runtime


def runtime(**spec: Any) -> Runtime:
    container = {"name": "kserve-container", "image": "repo:5000/img:1", "args": ["--name={{.Name}}"]}
    return Runtime("r", {"containers": [container], **spec}, cluster=True)


def test_the_models_container_fields_and_the_predictors_pod_fields_win(an_isvc: Any) -> None:
    isvc = an_isvc(
        predictor={"serviceAccountName": "sa", "nodeSelector": {"b": "2"}, "minReplicas": 2, "timeout": 5},
        args=["--fast"],
        resources={"limits": {"cpu": "1"}},
        livenessProbe={"exec": {"command": ["x"]}},
        name="",
    )
    spec = pod_spec(isvc, runtime(nodeSelector={"a": "1"}, volumes=[{"name": "v", "emptyDir": {}}]))
    assert spec["nodeSelector"] == {"a": "1", "b": "2"}
    assert spec["volumes"] == [{"name": "v", "emptyDir": {}}]
    assert spec["serviceAccountName"] == "sa"
    assert not {"minReplicas", "timeout", "model"} & spec.keys()
    [container] = spec["containers"]
    assert container["args"] == ["--name=m", "--fast"]
    assert container["resources"] == {"limits": {"cpu": "1"}}
    assert container["livenessProbe"] == {"exec": {"command": ["x"]}}
    assert container["env"] == [{"name": "INFERENCE_SERVICE_NAME", "value": "m"}]
    assert not {"modelFormat", "storageUri"} & container.keys()


def test_a_container_without_a_readiness_probe_gets_a_tcp_one(an_isvc: Any) -> None:
    [container] = pod_spec(an_isvc(ports=[{"containerPort": 9000}]), runtime())["containers"]
    assert container["readinessProbe"]["tcpSocket"] == {"port": 9000}
    probe = {"httpGet": {"path": "/", "port": 1}}
    assert pod_spec(an_isvc(readinessProbe=probe), runtime())["containers"][0]["readinessProbe"] == probe


@pytest.mark.parametrize(
    ("image", "version", "expected"),
    [
        ("repo:5000/img:1", "2", "repo:5000/img:2"),
        ("repo:5000/img", "2", "repo:5000/img:2"),
        ("img@sha256:ab", "2", "img@sha256:ab"),
        ("img:1", None, "img:1"),
    ],
)
def test_the_runtime_version_is_the_images_tag(an_isvc: Any, image: str, version: Any, expected: str) -> None:
    isvc = an_isvc(image=image, runtimeVersion=version)
    assert pod_spec(isvc, runtime())["containers"][0]["image"] == expected


def test_further_containers_follow(an_isvc: Any) -> None:
    two = [{"name": "kserve-container", "image": "a"}, {"name": "beside", "image": "b"}]
    isvc = an_isvc(predictor={"containers": [{"name": "mine", "image": "c"}]})
    containers = pod_spec(isvc, runtime(containers=two))["containers"]
    assert [container["name"] for container in containers] == ["kserve-container", "beside", "mine"]
    assert all(container["env"][-1]["name"] == "INFERENCE_SERVICE_NAME" for container in containers)


def test_the_users_own_containers_need_no_runtime(an_isvc: Any) -> None:
    isvc = an_isvc()
    env = [{"name": "STORAGE_URI", "value": "s3://b/m"}]
    isvc["spec"]["predictor"] = {"containers": [{"name": "kserve-container", "image": "a", "env": env}]}
    assert pod_spec(isvc, None)["containers"][0]["image"] == "a"
    assert storage_uri(isvc["spec"]["predictor"]) == "s3://b/m"
    assert storage_uri({"containers": [{"name": "kserve-container"}]}) == ""


@pytest.mark.parametrize(
    ("containers", "sentence"),
    [([], "no container configuration found"), ([{"name": "x"}], "failed to find kserve-container")],
)
def test_a_runtime_without_the_container_is_refused(an_isvc: Any, containers: list, sentence: str) -> None:
    with pytest.raises(PodError, match=sentence):
        pod_spec(an_isvc(), runtime(containers=containers))


def test_labels_and_annotations_go_down_with_the_predictors_winning(an_isvc: Any) -> None:
    isvc = an_isvc(predictor={"name": "v2", "labels": {"team": "fraud"}, "annotations": {"note": "y"}})
    isvc["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] = "{}"
    meta = metadata(isvc, runtime(labels={"team": "ops", "r": "1"}, annotations={"port": "8080"}))
    assert meta["name"] == "m-v2-predictor"
    assert meta["labels"] == {
        "team": "fraud",
        "r": "1",
        "app": "isvc.m-v2-predictor",
        "component": "predictor",
        "serving.kserve.io/inferenceservice": "m",
    }
    assert meta["annotations"] == {
        "port": "8080",
        "note": "y",
        "serving.kserve.io/deploymentMode": "Standard",
        "internal.serving.kserve.io/storage-initializer-sourceuri": "pvc://models/v1",
    }
