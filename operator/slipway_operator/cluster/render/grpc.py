"""The GRPCRoute beside the HTTPRoute: the same course, over the revisions that speak gRPC.

It takes the protocol's own service only. A route for all of gRPC would be one for everything in Envoy Gateway, and
take REST's requests away where both have the same host names.
"""

from collections.abc import Mapping, Sequence

from slipway_operator.api import names
from slipway_operator.api.spec import ModelDeploymentSpec, ParentRef
from slipway_operator.cluster.kinds import GRPC_ROUTE
from slipway_operator.cluster.render.backends import Places, backend, mirror, parent, revision_header
from slipway_operator.cluster.render.common import Json, Subject, head
from slipway_operator.cluster.render.runtime import serving_container
from slipway_operator.rollout.observation import Course
from slipway_operator.rollout.split import placed

SERVICE = "inference.GRPCInferenceService"
_METHOD = {"type": "Exact", "service": SERVICE}
_H2C = "kubernetes.io/h2c"


def render_grpc_route(
    subject: Subject,
    parents: Sequence[ParentRef],
    hostnames: Sequence[str],
    wanted: Course,
    components: Mapping[str, str],
    ports: Mapping[str, int],
    places: Places = Places(),  # noqa: B008 (it is immutable)
) -> Json | None:
    """The GRPCRoute as ``wanted``; None where no revision that has requests speaks gRPC.

    ``ports`` holds the gRPC port of each revision that has one. A revision without gets none of these requests; what it
    would have got goes to those that can answer.
    """

    def led_to(revision: str, weight: int) -> Json:
        return backend(subject, revision, weight, components.get(revision, names.PREDICTOR), ports[revision])

    split = {revision: weight for revision, weight in wanted.split.items() if revision in ports}
    if not split:
        return None
    rule: Json = {
        "matches": [{"method": _METHOD}],
        "backendRefs": [led_to(revision, weight) for revision, weight in placed(places.backends, split)],
    }
    if wanted.mirror and wanted.mirror.revision in ports:
        revision = wanted.mirror.revision
        component = components.get(revision, names.PREDICTOR)
        rule["filters"] = [mirror(subject, wanted.mirror, component, ports[revision])]
    pins = [
        {
            "matches": [{"method": _METHOD, "headers": [revision_header(asked)]}],
            "backendRefs": [led_to(pin, 1)],
        }
        for asked, pin in places.pinned(wanted.pins & ports.keys())
    ]
    body = head(subject, GRPC_ROUTE, subject.name)
    body["spec"] = {
        "parentRefs": [parent(ref) for ref in parents],
        "hostnames": list(hostnames),
        "rules": [rule, *pins],
    }
    return body


def grpc_port(service: Json) -> int | None:
    """The port of a Service of KServe's that speaks gRPC: KServe goes by the container port's name."""
    for port in service.get("spec", {}).get("ports", []):
        if port.get("appProtocol") == _H2C or _is_grpc(port):
            found: int = port["port"]
            return found
    return None


def speaks_grpc(spec: ModelDeploymentSpec, runtime: Json) -> bool:
    """Whether a revision of ``spec`` will have such a port: on its transformer, if there is one, else on its predictor."""
    template = spec.template.spec if spec.template else None
    if template and template.transformer:
        containers = (template.transformer.get("containers") or [])[:1]
    else:
        model = ((template and template.predictor) or {}).get("model") or {}
        containers = [model, serving_container(runtime["spec"])]
    return any(_is_grpc(port) for container in containers for port in container.get("ports") or [])


def _is_grpc(port: Json) -> bool:
    name = port.get("name") or ""
    return "grpc" in name or "h2c" in name
