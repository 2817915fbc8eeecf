"""What KServe's validating webhook refuses, in its own words; and, in the stand-in's, what it does not build."""

import re
from collections.abc import Iterator

from slipway_standin import names
from slipway_standin.defaults import FRAMEWORKS
from slipway_standin.objects import Obj, annotations_of, labels_of

_NAME = "[a-z]([-a-z0-9]*[a-z0-9])?"
_PREDICTOR_FIELDS = (
    "Name, SKLearn, XGBoost, Tensorflow, PyTorch, Triton, ONNX, HuggingFace, PMML, LightGBM, Paddle, Model, "
    "StorageUris, StorageContainerName, WorkerSpec, PodSpec"
)
_NOT_BUILT = "is not built by this stand-in for KServe: take it out, or run KServe's own controller"
_NOT_BUILT_IN_SPEC = ("explainer", "canary")
_NOT_BUILT_IN_COMPONENTS = ("workerSpec", "storageUris", "logger", "batcher")
_FIXED_IN_CANARY = ("maxReplicas", "scaleTarget", "scaleMetric", "autoScaling")


def refusal(isvc: Obj, old: Obj | None = None) -> str | None:
    """The first sentence that refuses this InferenceService, or None; ``old`` is what an update replaces."""
    if isvc["metadata"].get("deletionTimestamp"):
        return None
    return next(_refusals(isvc, old), None)


def _refusals(isvc: Obj, old: Obj | None) -> Iterator[str]:
    if old is not None:
        yield from _update(isvc, old)
    yield from _metadata(isvc)
    predictor = isvc["spec"]["predictor"]
    if (predictor.get("model") or {}).get("name"):
        yield "the 'name' field is not allowed in standard predictor"
    yield from _one_implementation(predictor)
    yield from _extensions(predictor)
    if transformer := isvc["spec"].get("transformer"):
        yield from _extensions(transformer)
    if annotations_of(isvc).get(names.AUTOSCALER_CLASS) == "hpa":
        yield from _scaling(predictor)
    yield from _canaries(isvc)
    yield from _not_built(isvc)


def _update(isvc: Obj, old: Obj) -> Iterator[str]:
    was = names.current_mode((old.get("status") or {}).get("deploymentMode", ""))
    wanted = annotations_of(isvc).get(names.DEPLOYMENT_MODE)
    if was and wanted is not None and wanted != was:
        yield f"update rejected: deploymentMode cannot be changed from '{was}' to '{wanted}'"
    before, after = old["spec"]["predictor"], isvc["spec"]["predictor"]
    if before.get("name", "") != after.get("name", "") and _uri(before) == _uri(after):
        yield "predictor.name change requires a model change (e.g. storageUri)"


def _uri(predictor: Obj) -> str:
    return str((predictor.get("model") or {}).get("storageUri") or "")


def _metadata(isvc: Obj) -> Iterator[str]:
    name = isvc["metadata"].get("name", "")
    if not re.fullmatch(_NAME, name):
        yield (
            f'the InferenceService "{name}" is invalid: a InferenceService name must consist of lower case '
            "alphanumeric characters or '-', and must start with alphabetical character. (e.g. \"my-name\" or "
            f"\"abc-123\", regex used for validation is '{_NAME}')"
        )
    scaler = annotations_of(isvc).get(names.AUTOSCALER_CLASS)
    if scaler is not None and scaler not in names.AUTOSCALERS:
        yield f"[{scaler}] is not a supported autoscaler class type"


def _one_implementation(predictor: Obj) -> Iterator[str]:
    given = [name for name in (*FRAMEWORKS, "model") if predictor.get(name) is not None]
    containers = predictor.get("containers") or []
    own = (
        [c for c in containers if c.get("name") == names.MODEL_CONTAINER]
        or (not given and containers[:1])
        or []
    )
    if len(given) + len(own) != 1:
        yield f"exactly one of [{_PREDICTOR_FIELDS}] must be specified in PredictorSpec"


def _extensions(predictor: Obj) -> Iterator[str]:
    if (predictor.get("containerConcurrency") or 0) < 0:
        yield "parallelism cannot be less than 0"
    minimum = predictor.get("minReplicas")
    minimum = 1 if minimum is None else minimum
    maximum = predictor.get("maxReplicas") or 0
    if minimum < 0:
        yield "'MinReplicas' cannot be less than 0"
    if maximum < 0:
        yield "'MaxReplicas' cannot be less than 0"
    if minimum > maximum != 0:
        yield "'MinReplicas' cannot be greater than MaxReplicas"


def _scaling(predictor: Obj) -> Iterator[str]:
    metric = predictor.get("scaleMetric") or "cpu"
    if metric not in ("cpu", "memory"):
        yield f"[{metric}] is not a supported metric"
    target = predictor.get("scaleTarget")
    if target is not None and ((metric == "cpu" and target < 1) or target > 100):
        yield "the target utilization percentage should be a [1-100] integer"


def _canaries(isvc: Obj) -> Iterator[str]:
    canaries = isvc["spec"].get("canary") or []
    if canaries and annotations_of(isvc).get(names.DEPLOYMENT_MODE) != names.STANDARD:
        yield "canary is only supported in Standard deployment mode"
    seen: set[str] = set()
    for place, canary in enumerate(canaries):
        yield from _canary(place, canary, seen, isvc["spec"]["predictor"])
    total = sum(canary.get("trafficPercent", 0) for canary in canaries)
    if total > 100:
        yield f"sum of canary trafficPercent values ({total}) must be <= 100"


def _canary(place: int, canary: Obj, seen: set[str], stable: Obj) -> Iterator[str]:
    predictor = canary.get("predictor") or {}
    name, percent = predictor.get("name", ""), canary.get("trafficPercent", 0)
    if not name:
        yield f"canary[{place}] predictor.name is required"
    if name in seen:
        yield f'canary predictor.name "{name}" is duplicated'
    seen.add(name)
    if name == stable.get("name", ""):
        yield f'canary predictor.name "{name}" conflicts with stable predictor name'
    if not 0 <= percent <= 100:
        yield f'canary "{name}" trafficPercent must be between 0 and 100, got {percent}'
    for sentence in (*_one_implementation(predictor), *_extensions(predictor)):
        yield f'canary "{name}" predictor: {sentence}'
    for field in _FIXED_IN_CANARY:
        if predictor.get(field):
            yield f'canary "{name}" must not set {field} (canary uses fixed replicas)'


def _not_built(isvc: Obj) -> Iterator[str]:
    spec = isvc["spec"]
    for field in _NOT_BUILT_IN_SPEC:
        if spec.get(field):
            yield f"spec.{field} {_NOT_BUILT}"
    for component in (names.PREDICTOR, names.TRANSFORMER):
        for field in _NOT_BUILT_IN_COMPONENTS:
            if (spec.get(component) or {}).get(field):
                yield f"spec.{component}.{field} {_NOT_BUILT}"
    if spec.get(names.TRANSFORMER) and labels_of(isvc).get(names.VISIBILITY) != names.CLUSTER_LOCAL:
        yield f"spec.transformer without the label {names.VISIBILITY}: {names.CLUSTER_LOCAL} {_NOT_BUILT}"
    if (spec["predictor"].get("model") or {}).get("storage"):
        yield f"spec.predictor.model.storage {_NOT_BUILT}"
    if annotations_of(isvc).get(names.AUTOSCALER_CLASS) == "keda":
        yield f"autoscaler class keda {_NOT_BUILT}"
