"""A route of the user's own, which ``spec.traffic.routeRef`` names: Slipway moves the weights in it, and nothing else.

``backendRefs`` is an atomic list, so that server-side apply cannot own a part of a rule: the rules are read, changed and
written back, if the route is still the one that was read.
"""

from collections.abc import Sequence
from dataclasses import replace

from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.cluster.client import ApiError, Client, Json
from slipway_operator.cluster.gateway import Parents, find_parents
from slipway_operator.cluster.kinds import HTTP_ROUTE, Kind
from slipway_operator.cluster.render import users
from slipway_operator.cluster.render.address import address_names
from slipway_operator.cluster.render.backends import accepted, holds
from slipway_operator.cluster.render.common import is_ours
from slipway_operator.cluster.routes.backend import RouteView, Site
from slipway_operator.cluster.routes.own import MADE, OwnRoutes
from slipway_operator.rollout.observation import Course, Feature
from slipway_operator.rollout.split import Split

ATTEMPTS = 5
"""How often a write is tried that somebody else's comes before."""


class UsersRoute:
    """The way of a ModelDeployment with a ``routeRef``."""

    features: frozenset[Feature] = frozenset()

    def fits(self, spec: ModelDeploymentSpec) -> bool:
        """Whether the spec names a route."""
        return spec.traffic is not None and spec.traffic.route_ref is not None

    def kinds(self, spec: ModelDeploymentSpec) -> Sequence[Kind]:  # noqa: ARG002
        """HTTPRoute."""
        return (HTTP_ROUTE,)

    async def read(self, client: Client, site: Site) -> RouteView:
        """The user's route, as far as it is this ModelDeployment's."""
        subject, name = site.subject, _name(site)
        route = await client.get(HTTP_ROUTE, subject.namespace, name)
        left = await _left(client, site)
        problem = users.fault(subject, name, route)
        if route is None or problem:
            return RouteView(problem=problem)
        state = users.read(subject, route, site.components)
        hostnames = users.hostnames_of(route)
        return RouteView(
            state=state and replace(state, current=state.current and not left),
            parents=await _parents(client, site, route),
            host=next((hostname for hostname in hostnames if "*" not in hostname), None),
            local=address_names(subject.name, subject.namespace)[-1] in hostnames,
            rules=users.rules_of(subject, route),
        )

    async def write(self, client: Client, site: Site, course: Course) -> None:
        """Into the rules that lead to this ModelDeployment; Slipway's own routes of before go once that has taken."""
        route = await _lead(client, site, course.split)
        if route and accepted(route)[0] and await _left(client, site):
            await OwnRoutes().remove(client, site)

    async def remove(self, client: Client, site: Site) -> None:
        """The placeholder is put back: the route is the user's, and stays."""
        await _lead(client, site, {})


async def _lead(client: Client, site: Site, split: Split) -> Json | None:
    """The route as it is then; None where it cannot be led."""
    namespace, name = site.subject.namespace, _name(site)
    route = await client.get(HTTP_ROUTE, namespace, name)
    for attempt in range(1, ATTEMPTS + 1):
        if route is None or users.fault(site.subject, name, route):
            return None  # that is told when it is looked at next
        rules = users.lead(site.subject, route, split, site.components)
        if holds(route["spec"]["rules"], rules):
            return route
        version = route["metadata"]["resourceVersion"]
        patch = {"metadata": {"resourceVersion": version}, "spec": {"rules": rules}}
        try:
            return await client.merge(HTTP_ROUTE, namespace, name, patch)
        except ApiError as error:
            if error.status != 409 or attempt == ATTEMPTS:
                raise
        route = await client.read(HTTP_ROUTE, namespace, name)
    return None


async def _left(client: Client, site: Site) -> bool:
    """Whether a route of Slipway's own is left from before there was a ``routeRef``."""
    subject = site.subject
    found = [await client.get(kind, subject.namespace, subject.name) for kind in MADE]
    return any(route and is_ours(subject, route) for route in found)


async def _parents(client: Client, site: Site, route: Json) -> Parents:
    """The Gateways, for the URL and the counters; whether there is one is the user's business."""
    refs = users.parents_of(route)
    if not refs:
        return Parents()
    return replace(await find_parents(client, site.settings, refs, site.subject.namespace), problem=None)


def _name(site: Site) -> str:
    traffic = site.subject.spec.traffic
    return traffic.route_ref.name if traffic and traffic.route_ref else site.subject.name
