"""How the model gets into the pod: ``pvc://`` is mounted, everything else is fetched by an init container.

KServe does this to the pods, by a mutating webhook, and not in the Deployment: the pod template only carries the
annotation that says where the model is. So does the stand-in.
"""

import re

from slipway_standin import names
from slipway_standin.objects import Obj

SUPPORTED = (
    "gs://",
    "s3://",
    "pvc://",
    "file://",
    "https://",
    "http://",
    "hdfs://",
    "webhdfs://",
    "oci://",
    "oci+native://",
    "oci+fetch://",
    "hf://",
)
_SCHEME = re.compile(r"\w+?://")
_RESOURCES = {"requests": {"cpu": "100m", "memory": "100Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}}


def unsupported(uri: str) -> str | None:
    """The sentence that refuses a storage URI of an unknown scheme, or None for one that is known."""
    if not _SCHEME.search(uri) or uri.startswith(SUPPORTED):
        return None
    return (
        f"storageUri, must be one of: [{', '.join(SUPPORTED)}] or match "
        "https://{}.blob.core.windows.net/{}/{} or be an absolute or relative local path. "
        f"StorageUri [{uri}] is not supported"
    )


def inject(pod: Obj) -> Obj:
    """The pod as the pod webhook leaves it: with the model mounted, or with the container that fetches it.

    A pod without the source annotation, or one that has been done already, comes back with only the two
    scraping annotations KServe always adds.
    """
    annotations = {
        names.METRIC_AGGREGATION: "false",
        names.PROMETHEUS_SCRAPING: "false",
        **(pod["metadata"].get("annotations") or {}),
    }
    metadata = {**pod["metadata"], "annotations": annotations}
    uri = annotations.get(names.STORAGE_SOURCE, "")
    readonly = annotations.get(names.STORAGE_READONLY) != "false"
    spec = _with_model(pod["spec"], uri, readonly=readonly) if uri else pod["spec"]
    return {**pod, "metadata": metadata, "spec": spec}


def _with_model(spec: Obj, uri: str, *, readonly: bool) -> Obj:
    if uri.startswith("pvc://"):
        claim, _, path = uri.removeprefix("pvc://").partition("/")
        volume: Obj = {"name": names.PVC_VOLUME, "persistentVolumeClaim": {"claimName": claim}}
        mount: Obj = {"name": names.PVC_VOLUME, "mountPath": names.MODEL_MOUNT, "readOnly": readonly}
        return _mounted(spec, volume, mount | ({"subPath": path} if path else {}))
    if any(container["name"] == names.INITIALIZER for container in spec.get("initContainers") or []):
        return spec
    volume = {"name": names.INITIALIZER_VOLUME, "emptyDir": {}}
    mount = {"name": names.INITIALIZER_VOLUME, "mountPath": names.MODEL_MOUNT}
    initializers = [*(spec.get("initContainers") or []), _initializer(uri, mount)]
    return _mounted({**spec, "initContainers": initializers}, volume, mount | {"readOnly": readonly})


def _mounted(spec: Obj, volume: Obj, mount: Obj) -> Obj:
    volumes = spec.get("volumes") or []
    if all(present["name"] != volume["name"] for present in volumes):
        volumes = [*volumes, volume]
    containers = [_with_mount(container, mount) for container in spec["containers"]]
    return {**spec, "volumes": volumes, "containers": containers}


def _with_mount(container: Obj, mount: Obj) -> Obj:
    mounts = container.get("volumeMounts") or []
    present = any(other["name"] == mount["name"] for other in mounts)
    if container["name"] != names.MODEL_CONTAINER or present:
        return container
    return {**container, "volumeMounts": [*mounts, mount]}


def _initializer(uri: str, mount: Obj) -> Obj:
    return {
        "name": names.INITIALIZER,
        "image": names.INITIALIZER_IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "args": [uri, names.MODEL_MOUNT],
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "resources": _RESOURCES,
        "volumeMounts": [mount],
    }
