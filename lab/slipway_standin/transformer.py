"""A transformer: the user's own containers in front of the predictor, told the model's name and the predictor's host."""

from slipway_standin import names
from slipway_standin.objects import Obj
from slipway_standin.pod import EXTENSION_FIELDS, completed, inherited

_PORT = "8080"


def metadata(isvc: Obj) -> Obj:
    """Name, labels and annotations shared by the transformer's Deployment, pods, Service and HPA."""
    transformer, metadata = isvc["spec"]["transformer"], isvc["metadata"]
    name = names.transformer_name(metadata["name"])
    labels = {
        **(metadata.get("labels") or {}),
        **(transformer.get("labels") or {}),
        names.ISVC_LABEL: metadata["name"],
        names.COMPONENT_LABEL: names.TRANSFORMER,
        "app": names.app_label(name),
    }
    annotations = {
        **inherited(metadata.get("annotations")),
        **inherited(transformer.get("annotations")),
    }
    return {"name": name, "namespace": metadata["namespace"], "labels": labels, "annotations": annotations}


def pod_spec(isvc: Obj) -> Obj:
    """The pod spec: the user's, its first container with the arguments that it does not give itself."""
    transformer = isvc["spec"]["transformer"]
    own = {field: value for field, value in transformer.items() if field not in EXTENSION_FIELDS}
    first, *others = own["containers"]
    return completed(isvc, own, [{**first, "args": _arguments(isvc, first.get("args") or [])}, *others])


def _arguments(isvc: Obj, given: list[str]) -> list[str]:
    metadata = isvc["metadata"]
    predictor = names.predictor_name(metadata["name"], isvc["spec"]["predictor"].get("name", ""))
    told = {
        "--model_name": metadata["name"],
        "--predictor_host": f"{predictor}.{metadata['namespace']}",
        "--http_port": _PORT,
    }
    arguments = list(given)
    for flag, value in told.items():
        if not any(argument == flag or argument.startswith(f"{flag}=") for argument in given):
            arguments += [flag, value]
    return arguments
