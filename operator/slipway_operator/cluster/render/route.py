"""The one weighted HTTPRoute, and how it is read back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from slipway_operator.api import names
from slipway_operator.api.spec import ParentRef
from slipway_operator.cluster.kinds import HTTP_ROUTE
from slipway_operator.cluster.render.backends import (
    MIRROR,
    Places,
    accepted,
    backend,
    holds,
    mirror,
    parent,
    pinned,
    places_in,
    revision_header,
    revision_of,
)
from slipway_operator.cluster.render.common import Json, Subject, head
from slipway_operator.rollout.observation import Course, Mirror, RouteState
from slipway_operator.rollout.split import placed

_PATH = {"type": "PathPrefix", "value": "/"}
_FILLED_IN = (("group", ""), ("kind", "Service"))


def render_route(
    subject: Subject,
    parents: Sequence[ParentRef],
    hostnames: Sequence[str],
    wanted: Course,
    components: Mapping[str, str],
    places: Places = Places(),  # noqa: B008 (it is immutable)
) -> Json:
    """The HTTPRoute as ``wanted``; ``components`` gives each revision's entry component, ``places`` who is where now.

    The first rule is the weighted one: the gateway's counters are found by its number.
    """
    names_of = {revision: components.get(revision, names.PREDICTOR) for revision in wanted.revisions}
    rule: Json = {
        "matches": [{"path": _PATH}],
        "backendRefs": [
            backend(subject, revision, weight, names_of[revision])
            for revision, weight in placed(places.backends, wanted.split)
        ],
    }
    if wanted.mirror:
        rule["filters"] = [mirror(subject, wanted.mirror, names_of[wanted.mirror.revision])]
    body = head(subject, HTTP_ROUTE, subject.name)
    body["spec"] = {
        "parentRefs": [parent(ref) for ref in parents],
        "hostnames": list(hostnames),
        "rules": [
            rule,
            *(_pin(subject, asked, pin, names_of[pin]) for asked, pin in places.pinned(wanted.pins)),
        ],
    }
    return body


def read_route(
    subject: Subject,
    route: Json,
    parents: Sequence[ParentRef],
    hostnames: Sequence[str],
    components: Mapping[str, str],
    *,
    edited: bool = False,
) -> RouteState:
    """What decisions need of the HTTPRoute as it is; ``edited``: somebody else has had a say in it."""
    rules = route.get("spec", {}).get("rules") or [{}]
    backends, filters = rules[0].get("backendRefs", []), rules[0].get("filters", [])
    taken, message = accepted(route)
    state = RouteState(
        generation=route["metadata"]["generation"],
        split={
            revision_of(subject, part): part.get("weight", 1) for part in backends if part.get("weight", 1)
        },
        mirror=_read_mirror(subject, filters),
        pins=frozenset(filter(None, map(pinned, rules[1:]))),
        accepted=taken,
        message=message,
    )
    wanted = render_route(subject, parents, hostnames, state, components, places_in(subject, route))
    return replace(state, current=_is_current(route.get("spec", {}), wanted["spec"], edited=edited))


def _is_current(spec: Json, wanted: Json, *, edited: bool) -> bool:
    """Whether the route says what it should.

    What is there beside it counts only if somebody has edited the route: what the API server or a webhook completes would
    be written over and over.
    """
    parents = [_identity(part) for part in spec.get("parentRefs", [])]
    as_wanted = holds(spec, wanted) and parents == wanted["parentRefs"]
    return as_wanted and not (edited and _bare(spec["rules"]) != _bare(wanted["rules"]))


def _bare(part: Any) -> Any:
    """Without the group and kind that the API server fills in where a reference has none."""
    if isinstance(part, dict):
        return {key: _bare(value) for key, value in part.items() if (key, value) not in _FILLED_IN}
    return [_bare(value) for value in part] if isinstance(part, list) else part


def _identity(part: Json) -> Json:
    return {key: part[key] for key in ("name", "namespace", "sectionName") if part.get(key)}


def _pin(subject: Subject, asked: str, revision: str, component: str) -> Json:
    """The rule for requests that ask for one revision, by header or by query parameter."""
    by_header = revision_header(asked)
    by_query = {"type": "Exact", "name": names.QUERY_REVISION, "value": asked}
    return {
        "matches": [{"path": _PATH, "headers": [by_header]}, {"path": _PATH, "queryParams": [by_query]}],
        "backendRefs": [backend(subject, revision, 1, component)],
    }


def _read_mirror(subject: Subject, filters: Sequence[Json]) -> Mirror | None:
    for part in filters:
        if part.get("type") == MIRROR:
            request = part["requestMirror"]
            return Mirror(revision_of(subject, request["backendRef"]), request.get("percent", 100))
    return None
