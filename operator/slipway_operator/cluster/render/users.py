"""A route of the user's own, of which Slipway writes the backendRefs of some rules and nothing else.

A rule is this ModelDeployment's if one of its backendRefs names a Service of the ModelDeployment's own name, the
placeholder that the user writes, or one of its revisions. The first of those backendRefs is the pattern for the others:
its port and filters go with every revision. All of this is JSON in, JSON out.
"""

import re
from collections import Counter
from collections.abc import Mapping

from slipway_operator.api import names, reasons
from slipway_operator.api.spec import ParentRef
from slipway_operator.cluster.kinds import HTTP_ROUTE
from slipway_operator.cluster.render.backends import accepted, holds, name_revision, places_of, revision_of
from slipway_operator.cluster.render.common import Json, Subject
from slipway_operator.rollout.observation import Problem, RouteState
from slipway_operator.rollout.revision import HASH_DIGITS
from slipway_operator.rollout.split import Split, normalised, placed

_COMPONENTS = "|".join(names.COMPONENTS)


def lead(subject: Subject, route: Json, split: Split, components: Mapping[str, str]) -> list[Json]:
    """The route's rules, ours leading to ``split``; an empty one leads to the placeholder again."""
    return [
        {**rule, "backendRefs": _backends(subject, rule, split, components)} if _own(subject, rule) else rule
        for rule in _rules(route)
    ]


def read(subject: Subject, route: Json, components: Mapping[str, str]) -> RouteState | None:
    """What decisions need of the route as it is; None while it leads to no revision."""
    split = next(filter(None, (_split(subject, rule) for rule in _rules(route))), None)
    if split is None:
        return None
    taken, message = accepted(route)
    return RouteState(
        generation=route["metadata"]["generation"],
        split=split,
        accepted=taken,
        message=message,
        current=holds(_rules(route), lead(subject, route, split, components)),
    )


def rules_of(subject: Subject, route: Json) -> dict[str, list[str | None]]:
    """The rules that are ours, as Envoy Gateway names them, each with its revisions in their places."""
    metadata = route["metadata"]
    prefix = f"{HTTP_ROUTE.name.lower()}/{metadata['namespace']}/{metadata['name']}/rule"
    return {
        f"{prefix}/{number}": places_of(subject, rule["backendRefs"])
        for number, rule in enumerate(_rules(route))
        if _split(subject, rule)
    }


def fault(subject: Subject, name: str, route: Json | None) -> Problem | None:
    """Why the route cannot be used, and the way out."""
    place = f"HTTPRoute {name}"
    if route is None:
        return Problem(
            reasons.ROUTE_MISSING,
            f"there is no {place} in namespace {subject.namespace}: make it, with a rule whose backendRefs are"
            f" [{{name: {subject.name}, port: 80}}], or take spec.traffic.routeRef out, and Slipway makes one of its own",
        )
    owner = route["metadata"].get("labels", {}).get(names.LABEL_DEPLOYMENT)
    if owner:
        return Problem(
            reasons.ROUTE_CONFLICT,
            f"{place} is Slipway's own, of ModelDeployment {owner}: name one that you have made",
        )
    ours = {number: rule for number, rule in enumerate(_rules(route)) if _own(subject, rule)}
    if not ours:
        return Problem(
            reasons.ROUTE_UNFIT,
            f"no rule of {place} leads to this model: give the rules that are to lead to it the backendRefs"
            f" [{{name: {subject.name}, port: 80}}]",
        )
    for number, rule in ours.items():
        others = [ref["name"] for ref in rule["backendRefs"] if not _is_own(subject, ref)]
        if others:
            return Problem(
                reasons.ROUTE_UNFIT,
                f"rule {number} of {place} leads to {others[0]}, too, and Slipway shares out all requests of a rule:"
                f" give {others[0]} a rule of its own",
            )
    return None


def parents_of(route: Json) -> list[ParentRef]:
    """The Gateways that the route hangs on; a mesh's Services are none."""
    return [
        ParentRef.model_validate({key: ref.get(key) for key in ("name", "namespace", "sectionName")})
        for ref in route.get("spec", {}).get("parentRefs") or []
        if ref.get("kind", "Gateway") == "Gateway"
    ]


def hostnames_of(route: Json) -> list[str]:
    """Its host names."""
    return list(route.get("spec", {}).get("hostnames") or [])


def _rules(route: Json) -> list[Json]:
    return list(route.get("spec", {}).get("rules") or [])


def _own(subject: Subject, rule: Json) -> list[Json]:
    """The rule's backendRefs that are this ModelDeployment's."""
    return [ref for ref in rule.get("backendRefs") or [] if _is_own(subject, ref)]


def _is_own(subject: Subject, ref: Json) -> bool:
    is_service = ref.get("kind", "Service") == "Service" and not ref.get("group")
    is_near = ref.get("namespace", subject.namespace) == subject.namespace
    return is_service and is_near and (ref["name"] == subject.name or _is_revision(subject, ref))


def _is_revision(subject: Subject, ref: Json) -> bool:
    pattern = rf"{re.escape(subject.name)}-[0-9a-f]{{{HASH_DIGITS}}}-({_COMPONENTS})"
    return re.fullmatch(pattern, ref["name"]) is not None


def _split(subject: Subject, rule: Json) -> dict[str, int] | None:
    """The revisions that a rule leads to, with their shares; None where it leads to none."""
    weights: Counter[str] = Counter()
    for ref in _own(subject, rule):
        if _is_revision(subject, ref):
            # One may be there twice: it fills up a place at weight 0, too.
            weights[revision_of(subject, ref)] += ref.get("weight", 1)
    return normalised(weights)


def _places(subject: Subject, rule: Json) -> list[str | None]:
    return places_of(subject, [ref for ref in _own(subject, rule) if _is_revision(subject, ref)])


def _backends(subject: Subject, rule: Json, split: Split, components: Mapping[str, str]) -> list[Json]:
    pattern = dict(_own(subject, rule)[0])
    pattern.pop("weight", None)
    filters = name_revision(pattern.pop("filters", []), None)
    if not split:
        return [{**pattern, "name": subject.name, **({"filters": filters} if filters else {})}]
    return [
        {
            **pattern,
            "name": names.entry_service(subject.name, revision, components.get(revision, names.PREDICTOR)),
            "weight": weight,
            "filters": name_revision(filters, revision),
        }
        for revision, weight in placed(_places(subject, rule), split)
    ]
