"""What is kept of an object: what a reconcile reads. The rest would be most of the memory, and most of the changes."""

from typing import Any

from slipway_operator.api import names

Json = dict[str, Any]

_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_POD_STATUS = ("phase", "podIP", "conditions", "initContainerStatuses", "containerStatuses")


def plain(body: Json) -> Json:
    """An object without the book-keeping of others."""
    metadata = {key: value for key, value in body["metadata"].items() if key != "managedFields"}
    if _APPLIED in metadata.get("annotations", {}):
        kept = {key: value for key, value in metadata["annotations"].items() if key != _APPLIED}
        metadata["annotations"] = kept
    return {**body, "metadata": metadata}


def route(body: Json) -> Json:
    """A route, and who else than the operator has written its spec."""
    editors = [entry for entry in body["metadata"].get("managedFields", []) if _has_edited(entry)]
    trimmed = plain(body)
    return {**trimmed, "metadata": {**trimmed["metadata"], "managedFields": editors}} if editors else trimmed


def _has_edited(entry: Json) -> bool:
    ours = entry.get("manager") == names.FIELD_MANAGER or entry.get("subresource")
    return not ours and "f:spec" in entry.get("fieldsV1", {})


def record(body: Json) -> Json:
    """A revision's record without what is on it: that is read when it is needed."""
    return {key: value for key, value in plain(body).items() if key != "data"}


def statusless(body: Json) -> Json:
    """An object of which only the spec is read: a Gateway's status changes with every route that it gets."""
    return {key: value for key, value in plain(body).items() if key != "status"}


def pod(body: Json) -> Json:
    """Of the spec only the ports, of the status only what tells whether it serves and why not."""
    status = body.get("status", {})
    containers = [
        {key: part[key] for key in ("name", "ports") if key in part}
        for part in body.get("spec", {}).get("containers", [])
    ]
    return {
        **plain(body),
        "spec": {"containers": containers},
        "status": {key: status[key] for key in _POD_STATUS if key in status},
    }


def deployment(body: Json) -> Json:
    """Without the pods' template: the InferenceService has it."""
    spec = body.get("spec", {})
    return {**plain(body), "spec": {key: spec[key] for key in ("replicas",) if key in spec}}
