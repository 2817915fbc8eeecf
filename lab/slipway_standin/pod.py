"""The pod template of a predictor: the runtime's container and pod fields with the InferenceService's over them."""

import re
from typing import Any

from slipway_standin import names
from slipway_standin.merge import merge, merge_containers
from slipway_standin.objects import Obj
from slipway_standin.runtimes import Runtime
from slipway_standin.template import fill

_MODEL_FIELDS = frozenset(
    {
        "modelFormat",
        "runtime",
        "runtimeVersion",
        "protocolVersion",
        "storageUri",
        "storage",
        "confidential",
    }
)
_RUNTIME_POD_FIELDS = (
    "nodeSelector",
    "affinity",
    "tolerations",
    "volumes",
    "imagePullSecrets",
    "schedulerName",
    "resourceClaims",
)
EXTENSION_FIELDS = frozenset(
    {
        "name",
        "model",
        "workerSpec",
        "storageUris",
        "storageContainerName",
        "minReplicas",
        "maxReplicas",
        "scaleTarget",
        "scaleMetric",
        "scaleMetricType",
        "autoScaling",
        "containerConcurrency",
        "timeout",
        "canaryTrafficPercent",
        "logger",
        "batcher",
        "labels",
        "annotations",
        "deploymentStrategy",
    }
)
_TAG = re.compile(r":[\w.\-]*$")


class PodError(ValueError):
    """The predictor cannot be rendered; the message is what status says of it."""


def pod_spec(isvc: Obj, runtime: Runtime | None) -> Obj:
    """The pod spec of the predictor, defaults filled as KServe fills them.

    ``runtime`` is None for a predictor of the user's own containers. Raises PodError for a runtime without
    ``kserve-container``, TemplateError for a placeholder that cannot be read.
    """
    predictor = isvc["spec"]["predictor"]
    own = {field: value for field, value in predictor.items() if field not in EXTENSION_FIELDS}
    spec = _over_runtime(isvc, runtime, own) if runtime else own
    return completed(isvc, spec, spec["containers"])


def completed(isvc: Obj, spec: Obj, containers: list[Obj]) -> Obj:
    """A pod spec with these containers and what KServe adds to every component's."""
    named = {"name": "INFERENCE_SERVICE_NAME", "value": isvc["metadata"]["name"]}
    whole = [_defaulted(_with_env(container, named)) for container in containers]
    return {**_POD_DEFAULTS, **spec, "containers": whole}


def metadata(isvc: Obj, runtime: Runtime | None) -> Obj:
    """Name, labels and annotations shared by the predictor's Deployment, pods, Service and HPA."""
    predictor = isvc["spec"]["predictor"]
    name = names.predictor_name(isvc["metadata"]["name"], predictor.get("name", ""))
    spec = runtime.spec if runtime else {}
    source = storage_uri(predictor)
    labels = {
        **(spec.get("labels") or {}),
        **(isvc["metadata"].get("labels") or {}),
        **(predictor.get("labels") or {}),
        names.ISVC_LABEL: isvc["metadata"]["name"],
        names.COMPONENT_LABEL: "predictor",
        "app": names.app_label(name),
    }
    annotations = {
        **inherited(spec.get("annotations")),
        **inherited(isvc["metadata"].get("annotations")),
        **({names.STORAGE_SOURCE: source} if source else {}),
        **inherited(predictor.get("annotations")),
    }
    return {
        "name": name,
        "namespace": isvc["metadata"]["namespace"],
        "labels": labels,
        "annotations": annotations,
    }


def inherited(annotations: dict[str, str] | None) -> dict[str, str]:
    """The annotations that go on to what is made."""
    return {key: value for key, value in (annotations or {}).items() if key not in names.NOT_INHERITED}


def storage_uri(predictor: Obj) -> str:
    """Where the model is, or an empty string: ``model.storageUri``, or STORAGE_URI of the user's own container."""
    if model := predictor.get("model"):
        return str(model.get("storageUri") or "")
    for container in predictor.get("containers") or []:
        if container.get("name") == names.MODEL_CONTAINER:
            return next(
                (e.get("value", "") for e in container.get("env") or [] if e["name"] == "STORAGE_URI"), ""
            )
    return ""


def _over_runtime(isvc: Obj, runtime: Runtime, own: Obj) -> Obj:
    offered = runtime.spec.get("containers") or []
    if not offered:
        raise PodError("no container configuration found in selected serving runtime")
    base = next((container for container in offered if container["name"] == names.MODEL_CONTAINER), None)
    if base is None:
        raise PodError(f"failed to find {names.MODEL_CONTAINER} in ServingRuntime containers")
    model = isvc["spec"]["predictor"]["model"]
    container = fill(merge_containers(base, _container_fields(model)), isvc)
    container["image"] = _image(container.get("image", ""), model.get("runtimeVersion"))
    below = {field: runtime.spec[field] for field in _RUNTIME_POD_FIELDS if field in runtime.spec}
    others = [other for other in offered if other["name"] != names.MODEL_CONTAINER]
    return {**merge(below, own), "containers": [container, *others, *(own.get("containers") or [])]}


def _container_fields(model: Obj) -> Obj:
    """The fields of ``model`` that are a container's; the empty ones KServe's webhook writes say nothing."""
    return {k: v for k, v in model.items() if k not in _MODEL_FIELDS and v not in ("", None)}


def _image(image: str, version: str | None) -> str:
    if not version or "@sha256:" in image:
        return image
    return f"{_TAG.sub('', image)}:{version}"


def _with_env(container: Obj, entry: Obj) -> Obj:
    env = container.get("env") or []
    others = [entry if other["name"] == entry["name"] else other for other in env]
    return {**container, "env": others if entry in others else [*others, entry]}


_POD_DEFAULTS: Obj = {
    "dnsPolicy": "ClusterFirst",
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "securityContext": {},
    "schedulerName": "default-scheduler",
}
_CONTAINER_DEFAULTS: Obj = {
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "imagePullPolicy": "IfNotPresent",
}


def _defaulted(container: Obj) -> Obj:
    filled: dict[str, Any] = {**_CONTAINER_DEFAULTS, **container}
    if container["name"] == names.MODEL_CONTAINER and not container.get("readinessProbe"):
        ports = container.get("ports") or [{"containerPort": 8080}]
        filled["readinessProbe"] = {
            "tcpSocket": {"port": ports[0]["containerPort"]},
            "timeoutSeconds": 1,
            "periodSeconds": 10,
            "successThreshold": 1,
            "failureThreshold": 3,
        }
    return filled
