"""Getting the model into the pod."""

import pytest

from slipway_standin.storage import inject, unsupported


def pod(uri: str, **annotations: str) -> dict:
    source = {"internal.serving.kserve.io/storage-initializer-sourceuri": uri} if uri else {}
    containers = [{"name": "kserve-container"}, {"name": "beside"}]
    return {"metadata": {"annotations": {**source, **annotations}}, "spec": {"containers": containers}}


@pytest.mark.parametrize(
    ("uri", "claim", "sub_path"),
    [("pvc://models/a/b", "models", {"subPath": "a/b"}), ("pvc://models", "models", {})],
)
def test_a_claim_is_mounted_read_only(uri: str, claim: str, sub_path: dict) -> None:
    spec = inject(pod(uri))["spec"]
    assert spec["volumes"] == [{"name": "kserve-pvc-source", "persistentVolumeClaim": {"claimName": claim}}]
    mount = {"name": "kserve-pvc-source", "mountPath": "/mnt/models", "readOnly": True, **sub_path}
    assert spec["containers"] == [{"name": "kserve-container", "volumeMounts": [mount]}, {"name": "beside"}]


def test_it_may_be_mounted_writable() -> None:
    spec = inject(pod("pvc://models", **{"storage.kserve.io/readonly": "false"}))["spec"]
    assert spec["containers"][0]["volumeMounts"][0]["readOnly"] is False


def test_anything_else_is_fetched() -> None:
    spec = inject(pod("hf://org/model"))["spec"]
    [initializer] = spec["initContainers"]
    assert initializer["args"] == ["hf://org/model", "/mnt/models"]
    assert initializer["volumeMounts"] == [{"name": "kserve-provision-location", "mountPath": "/mnt/models"}]
    assert spec["containers"][0]["volumeMounts"][0]["readOnly"] is True


@pytest.mark.parametrize("uri", ["", "pvc://models/v1", "s3://bucket/m"])
def test_doing_it_again_changes_nothing(uri: str) -> None:
    once = inject(pod(uri))
    assert inject(once) == once
    assert once["metadata"]["annotations"]["serving.kserve.io/enable-prometheus-scraping"] == "false"


@pytest.mark.parametrize("uri", ["pvc://a", "s3://a", "hf://a", "oci://a", "/local/path", ""])
def test_supported(uri: str) -> None:
    assert unsupported(uri) is None


def test_unsupported_names_the_uri_and_what_would_do() -> None:
    sentence = unsupported("ftp://a/b")
    assert sentence
    assert "StorageUri [ftp://a/b] is not supported" in sentence
    assert "pvc://" in sentence
