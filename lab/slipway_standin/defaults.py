"""What KServe's mutating webhook makes of an InferenceService on its way in."""

import copy

from slipway_standin import names
from slipway_standin.objects import Obj

FRAMEWORKS = (
    "sklearn",
    "xgboost",
    "tensorflow",
    "pytorch",
    "triton",
    "onnx",
    "huggingface",
    "pmml",
    "lightgbm",
    "paddle",
)
_SPEAKS_V2 = frozenset({"triton", "onnx", "huggingface"})
_V2_FORMATS = frozenset({"triton", "vllm"})
_RESOURCES = {"cpu": "1", "memory": "2Gi"}


def defaulted(isvc: Obj, default_mode: str) -> Obj:
    """The InferenceService with its mode by its present name and its predictor as a ``model`` (a new object)."""
    filled = copy.deepcopy(isvc)
    annotations = filled["metadata"].setdefault("annotations", {}) or {}
    filled["metadata"]["annotations"] = annotations
    mode = annotations.get(names.DEPLOYMENT_MODE)
    if mode is not None:
        annotations[names.DEPLOYMENT_MODE] = names.current_mode(mode)
    elif names.current_mode(default_mode) == names.STANDARD:
        annotations[names.DEPLOYMENT_MODE] = names.STANDARD
    predictor = (filled.get("spec") or {}).get("predictor")
    if isinstance(predictor, dict):
        _default_predictor(predictor, annotations)
    if transformer := (filled.get("spec") or {}).get("transformer"):
        _default_transformer(transformer)
    for canary in (filled.get("spec") or {}).get("canary") or []:
        if model := (canary.get("predictor") or {}).get("model"):
            _complete(model)
    return filled


def _default_predictor(predictor: Obj, annotations: dict[str, str]) -> None:
    framework = next((name for name in FRAMEWORKS if predictor.get(name) is not None), None)
    if framework:
        model = predictor.pop(framework)
        if framework in _SPEAKS_V2:
            model.setdefault("protocolVersion", "v2")
        predictor["model"] = {"modelFormat": {"name": framework}, **model}
    if model := predictor.get("model"):
        name = (model.get("modelFormat") or {}).get("name", "")
        if name in _V2_FORMATS:
            model.setdefault("protocolVersion", "v2")
        if name:
            annotations.setdefault(names.MODEL_FORMAT, name)
        _complete(model)
    elif containers := predictor.get("containers"):
        _default_containers(containers)


def _default_transformer(transformer: Obj) -> None:
    containers = transformer.get("containers") or [{}]
    transformer["containers"] = containers
    containers[0]["name"] = names.MODEL_CONTAINER
    _default_resources(containers[0])


def _complete(model: Obj) -> None:
    """The two empty fields that KServe's types always write."""
    model.setdefault("name", "")
    model.setdefault("resources", {})


def _default_containers(containers: list[Obj]) -> None:
    first = containers[0]
    if len(containers) == 1 or not first.get("name"):
        first["name"] = names.MODEL_CONTAINER
    _default_resources(first)


def _default_resources(container: Obj) -> None:
    resources = container.setdefault("resources", {})
    for kind in ("requests", "limits"):
        resources[kind] = {**_RESOURCES, **(resources.get(kind) or {})}
