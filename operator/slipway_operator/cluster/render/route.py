"""The one weighted HTTPRoute, and how it is read back.

Every backend carries a filter of its own that names its revision in a response header. That is for clients, and it
makes Envoy Gateway give every backend a cluster of its own, with its own counters.
"""

from collections.abc import Mapping, Sequence

from slipway_operator.api import names
from slipway_operator.api.spec import ParentRef
from slipway_operator.cluster.kinds import HTTP_ROUTE
from slipway_operator.cluster.render.common import Json, Subject, head
from slipway_operator.rollout.observation import Course, Mirror, RouteState

PORT = 80
MIRROR = "RequestMirror"
_PATH = {"type": "PathPrefix", "value": "/"}


def render_route(
    subject: Subject,
    parents: Sequence[ParentRef],
    hostnames: Sequence[str],
    wanted: Course,
    components: Mapping[str, str],
) -> Json:
    """The HTTPRoute as ``wanted``; ``components`` gives each revision's entry component.

    The first rule is the weighted one: the gateway's counters are found by its number.
    """
    names_of = {revision: components.get(revision, names.PREDICTOR) for revision in wanted.revisions}
    rule: Json = {
        "matches": [{"path": _PATH}],
        "backendRefs": [
            _backend(subject, revision, weight, names_of[revision])
            for revision, weight in wanted.split.items()
        ],
    }
    if wanted.mirror:
        rule["filters"] = [_mirror(subject, wanted.mirror, names_of[wanted.mirror.revision])]
    body = head(subject, HTTP_ROUTE, subject.name)
    body["spec"] = {
        "parentRefs": [_parent(parent) for parent in parents],
        "hostnames": list(hostnames),
        "rules": [rule, *(_pin(subject, pin, names_of[pin]) for pin in sorted(wanted.pins))],
    }
    return body


def read_route(
    subject: Subject, route: Json, parents: Sequence[ParentRef], hostnames: Sequence[str]
) -> RouteState:
    """What decisions need of the HTTPRoute as it is."""
    spec = route.get("spec", {})
    rules = spec.get("rules", [])
    backends = rules[0].get("backendRefs", []) if rules else []
    wanted_parents = [_parent(parent) for parent in parents]
    found_parents = [_identity(parent) for parent in spec.get("parentRefs", [])]
    pins = [_pinned(rule) for rule in rules[1:]]
    current = (
        bool(rules)
        and all(pins)
        and list(spec.get("hostnames", [])) == list(hostnames)
        and found_parents == wanted_parents
        and all(backend.get("filters") for backend in backends)
        and all(part.get("type") == MIRROR for part in rules[0].get("filters", []))
    )
    filters = rules[0].get("filters", []) if rules else []
    accepted, message = _accepted(route)
    return RouteState(
        generation=route["metadata"]["generation"],
        split={
            _revision(subject, backend): backend.get("weight", 1)
            for backend in backends
            if backend.get("weight", 1)
        },
        mirror=_read_mirror(subject, filters),
        pins=frozenset(filter(None, pins)),
        accepted=accepted,
        message=message,
        current=current,
    )


def _parent(parent: ParentRef) -> Json:
    return {key: value for key, value in parent.to_json().items() if value}


def _identity(parent: Json) -> Json:
    return {key: parent[key] for key in ("name", "namespace", "sectionName") if parent.get(key)}


def _backend(subject: Subject, revision: str, weight: int, component: str) -> Json:
    header = {"name": names.HEADER_REVISION, "value": revision}
    return {
        "name": names.entry_service(subject.name, revision, component),
        "port": PORT,
        "weight": weight,
        "filters": [{"type": "ResponseHeaderModifier", "responseHeaderModifier": {"set": [header]}}],
    }


def _pin(subject: Subject, revision: str, component: str) -> Json:
    """The rule for requests that ask for one revision, by header or by query parameter."""
    by_header = {"type": "Exact", "name": names.HEADER_REVISION, "value": revision}
    by_query = {"type": "Exact", "name": names.QUERY_REVISION, "value": revision}
    return {
        "matches": [{"path": _PATH, "headers": [by_header]}, {"path": _PATH, "queryParams": [by_query]}],
        "backendRefs": [_backend(subject, revision, 1, component)],
    }


def _pinned(rule: Json) -> str | None:
    """The revision that a rule is a pin of; None for any other rule."""
    for match in rule.get("matches", []):
        for header in match.get("headers", []):
            if header.get("name") == names.HEADER_REVISION:
                found: str = header["value"]
                return found
    return None


def _mirror(subject: Subject, mirror: Mirror, component: str) -> Json:
    name = names.entry_service(subject.name, mirror.revision, component)
    request: Json = {"backendRef": {"name": name, "port": PORT}}
    if mirror.percent < 100:  # the field is younger than the filter: it is written only where it is needed
        request["percent"] = mirror.percent
    return {"type": MIRROR, "requestMirror": request}


def _read_mirror(subject: Subject, filters: Sequence[Json]) -> Mirror | None:
    for part in filters:
        if part.get("type") == MIRROR:
            request = part["requestMirror"]
            return Mirror(_revision(subject, request["backendRef"]), request.get("percent", 100))
    return None


def _revision(subject: Subject, backend: Json) -> str:
    """The revision behind a backend: the name without the ModelDeployment's and the component's."""
    name: str = backend["name"]
    return name.removeprefix(f"{subject.name}-").rpartition("-")[0] or name


def _accepted(route: Json) -> tuple[bool, str | None]:
    """Whether every parent has accepted the present generation; if not, why."""
    generation = route["metadata"]["generation"]
    parents = route.get("status", {}).get("parents", [])
    for parent in parents:
        conditions = {part["type"]: part for part in parent.get("conditions", [])}
        for kind in ("Accepted", "ResolvedRefs"):
            condition = conditions.get(kind)
            if condition is None or condition.get("observedGeneration", 0) < generation:
                return False, None
            if condition["status"] != "True":
                return False, condition.get("message")
    return bool(parents), None
