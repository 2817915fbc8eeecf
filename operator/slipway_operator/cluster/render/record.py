"""How a revision was made: a ControllerRevision that holds its objects as the API server took them.

Kubernetes' own kind for this, as StatefulSets use it: owned by the ModelDeployment, immutable, read by no controller
but its owner. It lets a revision be made again when the spec describes another one by now, or its runtime has changed.
"""

import hashlib
import json

from slipway_operator.api import names
from slipway_operator.api.merging import merged
from slipway_operator.api.status import Revision
from slipway_operator.cluster.kinds import CONTROLLER_REVISION, INFERENCE_SERVICE, SERVING_RUNTIME, Kind
from slipway_operator.cluster.render.common import Json, Subject, head
from slipway_operator.cluster.render.service import scale_bounds
from slipway_operator.rollout.revision import SCALE_FIELDS

PARTS: dict[str, tuple[Kind, str]] = {
    INFERENCE_SERVICE.name: (INFERENCE_SERVICE, names.ANNOTATION_SERVICE_SPEC),
    SERVING_RUNTIME.name: (SERVING_RUNTIME, names.ANNOTATION_RUNTIME_SPEC),
}
"""The objects of a revision, by kind, and the annotation that holds the hash of what their spec was."""


def render_record(subject: Subject, revision: Revision, service: Json, runtime: Json) -> Json:
    """The ControllerRevision for these objects."""
    made = {INFERENCE_SERVICE.name: service, SERVING_RUNTIME.name: runtime}
    body = head(
        subject,
        CONTROLLER_REVISION,
        names.revision_object(subject.name, revision.revision),
        revision.revision,
    )
    body["metadata"]["annotations"] = {
        names.ANNOTATION_IDENTITY: revision.model_dump_json(by_alias=True, exclude_none=True)
    } | {annotation: spec_hash(made[name]["spec"]) for name, (_, annotation) in PARTS.items()}
    body["revision"] = 1  # the field is required; what orders revisions is status.history
    body["data"] = {name: _made(part) for name, part in made.items()}
    return body


def recorded(record: Json) -> Revision:
    """Which revision is on record."""
    return Revision.model_validate_json(record["metadata"]["annotations"][names.ANNOTATION_IDENTITY])


def render_again(subject: Subject, record: Json, kind: Kind) -> Json:
    """The object of this kind, as it was made."""
    made = record["data"][kind.name]
    revision = recorded(record).revision
    body = head(subject, kind, names.revision_object(subject.name, revision), revision)
    body["metadata"]["labels"] = made["labels"] | body["metadata"]["labels"]
    body["metadata"]["annotations"] = made["annotations"]
    return body | {"spec": made["spec"]}


def restored_spec(record: Json, kind: Kind, present: Json) -> Json:
    """The spec on record, with the scale bounds of the present one: those change in place."""
    spec: Json = merged(unscaled(record["data"][kind.name]["spec"]), scale_bounds(present))
    return spec


def unscaled(spec: Json) -> Json:
    """A spec without the scale bounds of any component."""
    parts = {
        name: {key: value for key, value in spec[name].items() if key not in SCALE_FIELDS}
        for name in names.COMPONENTS
        if isinstance(spec.get(name), dict)
    }
    return {**spec, **parts}


def spec_hash(spec: Json) -> str:
    """A hash of a spec but for its scale bounds."""
    text = json.dumps(unscaled(spec), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _made(body: Json) -> Json:
    metadata = body["metadata"]
    return {
        "labels": metadata.get("labels") or {},
        "annotations": metadata.get("annotations") or {},
        "spec": body["spec"],
    }
