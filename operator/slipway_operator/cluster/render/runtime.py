"""The ServingRuntime of a revision: a copy, told the model's name in the way the runtime wants.

A copy, so that an edited (Cluster)ServingRuntime never restarts what serves: KServe rolls every InferenceService of
a runtime at once when it changes.
"""

import copy
import hashlib
import json

from slipway_operator.api import names
from slipway_operator.api.status import Revision
from slipway_operator.cluster.kinds import SERVING_RUNTIME
from slipway_operator.cluster.render import mlserver
from slipway_operator.cluster.render.common import Json, Subject, head

# KServe's stock runtimes carry no annotation of ours.
KNOWN = {
    "kserve-sklearnserver": "arg:--model_name",
    "kserve-xgbserver": "arg:--model_name",
    "kserve-lgbserver": "arg:--model_name",
    "kserve-paddleserver": "arg:--model_name",
    "kserve-pmmlserver": "arg:--model_name",
    "kserve-predictiveserver": "arg:--model_name",
    "kserve-huggingfaceserver": "arg:--model_name",
    "kserve-tensorflow-serving": "arg:--model_name",
}


def how_named(source: Json) -> str | None:
    """How this runtime is told the model's name (``env:NAME`` or ``arg:--flag``); None where that is not known."""
    if how := source["metadata"].get("annotations", {}).get(names.ANNOTATION_MODEL_NAME):
        return str(how)
    return f"env:{mlserver.NAME}" if mlserver.is_mlserver(source) else KNOWN.get(source["metadata"]["name"])


def runtime_hash(source: Json) -> str:
    """A hash of what a runtime holds, to see later whether it has changed."""
    text = json.dumps(source["spec"], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def render_runtime(subject: Subject, revision: Revision, source: Json) -> Json:
    """The revision's own ServingRuntime, from the (Cluster)ServingRuntime ``source``."""
    body = head(
        subject, SERVING_RUNTIME, names.revision_object(subject.name, revision.revision), revision.revision
    )
    annotations = {
        key: value for key, value in source["metadata"].get("annotations", {}).items() if names.GROUP in key
    }
    annotations[names.ANNOTATION_RUNTIME] = f"{source['kind']}/{source['metadata']['name']}"
    annotations[names.ANNOTATION_RUNTIME_HASH] = runtime_hash(source)
    body["metadata"]["annotations"] = annotations
    body["spec"] = copy.deepcopy(source["spec"])
    container = serving_container(body["spec"])
    for how, value in _told(subject, revision, source):
        _tell(container, how, value)
    if mlserver.is_mlserver(source):
        for name, value in mlserver.told(container, subject.spec.model.format).items():
            _tell(container, f"env:{name}", value)
    # Chosen by name only: a copy must never win the automatic choice of somebody else's InferenceService.
    for supported in body["spec"].get("supportedModelFormats", []):
        supported["autoSelect"] = False
    return body


def serving_container(spec: Json) -> Json:
    """The container that serves; raises KeyError where the runtime has none."""
    for container in spec.get("containers", []):
        if container.get("name") == names.KSERVE_CONTAINER:
            found: Json = container
            return found
    raise KeyError(names.KSERVE_CONTAINER)


def _told(subject: Subject, revision: Revision, source: Json) -> list[tuple[str, str]]:
    """What the runtime is told, and how."""
    annotations = source["metadata"].get("annotations", {})
    facts = {
        names.ANNOTATION_MODEL_VERSION: revision.version,
        names.ANNOTATION_MODEL_DIGEST: revision.digest,
        names.ANNOTATION_REVISION: revision.revision,
        names.ANNOTATION_ALLOW_UNVERIFIED: "true" if subject.spec.model.allow_unverified else None,
    }
    told = [(annotations[key], value) for key, value in facts.items() if key in annotations and value]
    name = how_named(source)
    return [(name, subject.model_name), *told] if name else told


def _tell(container: Json, how: str, value: str) -> None:
    kind, _, name = how.partition(":")
    if kind == "env":
        others = [part for part in container.get("env", []) if part["name"] != name]
        container["env"] = [*others, {"name": name, "value": value}]
    else:
        container["args"] = _with_argument(container.get("args", []), name, value)


def _with_argument(arguments: list[str], flag: str, value: str) -> list[str]:
    """``arguments`` with ``flag`` set, whether it stands there as ``--flag=x``, as ``--flag x``, or not at all."""
    kept: list[str] = []
    skip = False
    for argument in arguments:
        if skip:
            skip = False
        elif argument == flag:
            skip = True
        elif not argument.startswith(f"{flag}="):
            kept.append(argument)
    return [*kept, f"{flag}={value}"]
