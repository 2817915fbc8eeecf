"""The InferenceService of a revision, and the scale bounds that change in place."""

from slipway_operator.api import names
from slipway_operator.api.merging import merged
from slipway_operator.api.status import Revision
from slipway_operator.cluster.kinds import INFERENCE_SERVICE
from slipway_operator.cluster.render.common import Json, Subject, head
from slipway_operator.rollout.revision import SCALE_FIELDS

PROTOCOL = "v2"
NAME_FLAG = "--model_name"
"""The argument by which KServe's transformers are told the model's name."""


def render_service(subject: Subject, revision: Revision) -> Json:
    """The InferenceService: cluster-local (the one weighted route is ours), in annotated Standard mode."""
    name = names.revision_object(subject.name, revision.revision)
    body = head(subject, INFERENCE_SERVICE, name, revision.revision)
    metadata, template = body["metadata"], subject.spec.template
    if template and template.metadata:
        # Ours last: what the operator finds its objects by cannot be overwritten.
        metadata["labels"] = (template.metadata.labels or {}) | metadata["labels"]
        metadata["annotations"] = dict(template.metadata.annotations or {})
    metadata["labels"][names.KSERVE_VISIBILITY] = "cluster-local"
    metadata["annotations"][names.KSERVE_MODE] = "Standard"
    body["spec"] = _spec(subject, revision, name)
    _name_model(subject, body["spec"])
    if not scales(body["spec"]):
        metadata["annotations"].setdefault(names.KSERVE_AUTOSCALER, "none")
    return body


def _spec(subject: Subject, revision: Revision, runtime: str) -> Json:
    model = subject.spec.model
    spec: Json = {
        "predictor": {
            "model": {
                "modelFormat": {"name": model.format},
                "protocolVersion": PROTOCOL,
                "runtime": runtime,
                "storageUri": revision.uri,
            }
        }
    }
    template = subject.spec.template
    if template and template.spec:
        spec = merged(spec, template.spec.to_json())
    return spec


def _name_model(subject: Subject, spec: Json) -> None:
    """KServe tells a transformer the InferenceService's name, which is the revision's, unless it is told another."""
    containers = (spec.get("transformer") or {}).get("containers")
    if not containers:
        return
    arguments = containers[0].get("args") or []
    if not any(part == NAME_FLAG or part.startswith(f"{NAME_FLAG}=") for part in arguments):
        containers[0]["args"] = [*arguments, NAME_FLAG, subject.model_name]


def scales(spec: Json) -> bool:
    """Whether the user asks for autoscaling: more than a fixed number of replicas."""
    return any(
        set(spec.get(component) or {}) & (set(SCALE_FIELDS) - {"minReplicas"})
        for component in names.COMPONENTS
    )


def scale_bounds(spec: Json) -> Json:
    """The scale bounds in an InferenceService's spec, by component; what is not set is left out."""
    bounds: Json = {}
    for component in names.COMPONENTS:
        part = spec.get(component) or {}
        found = {field: part[field] for field in SCALE_FIELDS if field in part}
        if found:
            bounds[component] = found
    return bounds


def scale_patch(observed: Json, wanted: Json) -> Json:
    """A merge patch from the observed bounds to the wanted ones."""
    components = set(observed) | set(wanted)
    removed = {part: dict.fromkeys(observed.get(part, {})) for part in components}
    return {"spec": merged(removed, wanted)}
