"""The one weighted HTTPRoute, and how it is read back."""

from collections.abc import Mapping, Sequence

from slipway_operator.api import names
from slipway_operator.api.spec import ParentRef
from slipway_operator.cluster.kinds import HTTP_ROUTE
from slipway_operator.cluster.render.backends import (
    MIRROR,
    accepted,
    backend,
    mirror,
    parent,
    revision_header,
    revision_of,
)
from slipway_operator.cluster.render.common import Json, Subject, head
from slipway_operator.rollout.observation import Course, Mirror, RouteState
from slipway_operator.rollout.split import placed

_PATH = {"type": "PathPrefix", "value": "/"}


def render_route(
    subject: Subject,
    parents: Sequence[ParentRef],
    hostnames: Sequence[str],
    wanted: Course,
    components: Mapping[str, str],
    places: Sequence[str | None] = (),
) -> Json:
    """The HTTPRoute as ``wanted``; ``components`` gives each revision's entry component, ``places`` who is where now.

    The first rule is the weighted one: the gateway's counters are found by its number.
    """
    names_of = {revision: components.get(revision, names.PREDICTOR) for revision in wanted.revisions}
    rule: Json = {
        "matches": [{"path": _PATH}],
        "backendRefs": [
            backend(subject, revision, weight, names_of[revision])
            for revision, weight in placed(places, wanted.split)
        ],
    }
    if wanted.mirror:
        rule["filters"] = [mirror(subject, wanted.mirror, names_of[wanted.mirror.revision])]
    body = head(subject, HTTP_ROUTE, subject.name)
    body["spec"] = {
        "parentRefs": [parent(ref) for ref in parents],
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
    wanted_parents = [parent(ref) for ref in parents]
    found_parents = [_identity(part) for part in spec.get("parentRefs", [])]
    pins = [_pinned(rule) for rule in rules[1:]]
    current = (
        bool(rules)
        and all(pins)
        and list(spec.get("hostnames", [])) == list(hostnames)
        and found_parents == wanted_parents
        and all(part.get("filters") for part in backends)
        and all(part.get("type") == MIRROR for part in rules[0].get("filters", []))
    )
    filters = rules[0].get("filters", []) if rules else []
    taken, message = accepted(route)
    return RouteState(
        generation=route["metadata"]["generation"],
        split={
            revision_of(subject, part): part.get("weight", 1) for part in backends if part.get("weight", 1)
        },
        mirror=_read_mirror(subject, filters),
        pins=frozenset(filter(None, pins)),
        accepted=taken,
        message=message,
        current=current,
    )


def _identity(part: Json) -> Json:
    return {key: part[key] for key in ("name", "namespace", "sectionName") if part.get(key)}


def _pin(subject: Subject, revision: str, component: str) -> Json:
    """The rule for requests that ask for one revision, by header or by query parameter."""
    by_header = revision_header(revision)
    by_query = {"type": "Exact", "name": names.QUERY_REVISION, "value": revision}
    return {
        "matches": [{"path": _PATH, "headers": [by_header]}, {"path": _PATH, "queryParams": [by_query]}],
        "backendRefs": [backend(subject, revision, 1, component)],
    }


def _pinned(rule: Json) -> str | None:
    """The revision that a rule is a pin of; None for any other rule."""
    for match in rule.get("matches", []):
        for header in match.get("headers", []):
            if header.get("name") == names.HEADER_REVISION:
                found: str = header["value"]
                return found
    return None


def _read_mirror(subject: Subject, filters: Sequence[Json]) -> Mirror | None:
    for part in filters:
        if part.get("type") == MIRROR:
            request = part["requestMirror"]
            return Mirror(revision_of(subject, request["backendRef"]), request.get("percent", 100))
    return None
