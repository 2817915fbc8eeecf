"""What all kinds of routes share: backends that name their revision, mirrors, parents, and acceptance.

Every backend carries a filter of its own that names its revision in a response header. That is for clients, and it
makes Envoy Gateway give every backend a cluster of its own, with its own counters.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from slipway_operator.api import names
from slipway_operator.api.spec import ParentRef
from slipway_operator.cluster.render.common import Json, Subject
from slipway_operator.rollout.observation import Mirror
from slipway_operator.rollout.split import placed

PORT = 80
MIRROR = "RequestMirror"
MODIFIER = "ResponseHeaderModifier"
FREE = "-"
"""The name that nobody asks for: it keeps the place of a rule that is not needed at present."""


def backend(subject: Subject, revision: str, weight: int, component: str, port: int = PORT) -> Json:
    """A backendRef that leads to a revision."""
    return {
        "name": names.entry_service(subject.name, revision, component),
        "port": port,
        "weight": weight,
        "filters": name_revision([], revision),
    }


def name_revision(filters: Sequence[Json], revision: str | None) -> list[Json]:
    """A backendRef's filters with the header of ``revision`` (None: without any), whatever else they do.

    There may be one ResponseHeaderModifier only, so that the header goes into one that is there.
    """
    others = [part for part in filters if part.get("type") != MODIFIER]
    modifier = {
        key: value
        for part in filters
        if part.get("type") == MODIFIER
        for key, value in part["responseHeaderModifier"].items()
    }
    headers = [part for part in modifier.pop("set", []) if part["name"] != names.HEADER_REVISION]
    if revision:
        headers.append({"name": names.HEADER_REVISION, "value": revision})
    if headers:
        modifier["set"] = headers
    return [*others, {"type": MODIFIER, "responseHeaderModifier": modifier}] if modifier else others


def mirror(subject: Subject, wanted: Mirror, component: str, port: int = PORT) -> Json:
    """The filter that copies requests to a revision."""
    name = names.entry_service(subject.name, wanted.revision, component)
    request: Json = {"backendRef": {"name": name, "port": port}}
    if wanted.percent < 100:  # the field is younger than the filter: it is written only where it is needed
        request["percent"] = wanted.percent
    return {"type": MIRROR, "requestMirror": request}


def revision_header(revision: str) -> Json:
    """The match of requests that ask for a revision by header."""
    return {"type": "Exact", "name": names.HEADER_REVISION, "value": revision}


def parent(ref: ParentRef) -> Json:
    """A parentRef."""
    return {key: value for key, value in ref.to_json().items() if value}


def revision_of(subject: Subject, ref: Json) -> str:
    """The revision behind a backendRef: the name without the ModelDeployment's and the component's."""
    name: str = ref["name"]
    return name.removeprefix(f"{subject.name}-").rpartition("-")[0] or name


def places_of(subject: Subject, refs: Sequence[Json]) -> list[str | None]:
    """Which revision has which place among a rule's backendRefs; None where requests lead to nobody."""
    return [revision_of(subject, ref) if ref.get("weight", 1) else None for ref in refs]


def pinned(rule: Json) -> str | None:
    """The revision that requests ask for by name to get to a rule; None for any other rule."""
    for match in rule.get("matches", []):
        for header in match.get("headers", []):
            if header.get("name") == names.HEADER_REVISION:
                return None if header["value"] == FREE else str(header["value"])
    return None


@dataclass(frozen=True)
class Places:
    """Who is where in a route of Slipway's own, so that everybody stays there: Envoy Gateway names clusters by number."""

    backends: Sequence[str | None] = ()
    """In its weighted rule."""
    pins: Sequence[str | None] = ()
    """Among the rules after it, one for each revision that can be asked for by name."""

    def pinned(self, wanted: Collection[str]) -> list[tuple[str, str]]:
        """Those rules in their order: the name that is asked for, and the revision that is got."""
        found = placed(self.pins, dict.fromkeys(sorted(wanted), 1))
        return [(revision if weight else FREE, revision) for revision, weight in found]


def places_in(subject: Subject, route: Json | None) -> Places:
    """Who is where now."""
    rules = (route or {}).get("spec", {}).get("rules") or [{}]
    return Places(places_of(subject, rules[0].get("backendRefs", [])), [pinned(rule) for rule in rules[1:]])


def accepted(route: Json) -> tuple[bool, str | None]:
    """Whether every parent has accepted the present generation; if not, why."""
    generation = route["metadata"]["generation"]
    parents = route.get("status", {}).get("parents", [])
    for part in parents:
        conditions = {part["type"]: part for part in part.get("conditions", [])}
        for kind in ("Accepted", "ResolvedRefs"):
            condition = conditions.get(kind)
            if condition is None or condition.get("observedGeneration", 0) < generation:
                return False, None
            if condition["status"] != "True":
                return False, condition.get("message")
    return bool(parents), None


def holds(whole: Any, part: Any) -> bool:
    """Whether ``whole`` says everything that ``part`` says; what the API server has filled in does not count."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and holds(whole[key], value) for key, value in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return len(whole) == len(part) and all(map(holds, whole, part))
    return bool(whole == part)
