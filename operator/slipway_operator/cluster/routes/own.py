"""Routes of Slipway's own: one HTTPRoute, made and owned by the ModelDeployment."""

import asyncio
from collections.abc import Sequence

from slipway_operator.api import reasons
from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.cluster.client import Client, Json
from slipway_operator.cluster.gateway import find_parents
from slipway_operator.cluster.hostnames import external_hostnames
from slipway_operator.cluster.kinds import HTTP_ROUTE, Kind
from slipway_operator.cluster.render.address import address_names
from slipway_operator.cluster.render.common import Subject, is_ours
from slipway_operator.cluster.render.route import read_route, render_route
from slipway_operator.cluster.routes.backend import RouteView, Site
from slipway_operator.rollout.observation import Course, Feature, Problem


class OwnRoutes:
    """The way of every ModelDeployment that names no route of its own."""

    features: frozenset[Feature] = frozenset({"mirror", "pins"})

    def fits(self, spec: ModelDeploymentSpec) -> bool:  # noqa: ARG002
        """It fits all."""
        return True

    def kinds(self, spec: ModelDeploymentSpec) -> Sequence[Kind]:  # noqa: ARG002
        """HTTPRoute."""
        return (HTTP_ROUTE,)

    async def read(self, client: Client, site: Site) -> RouteView:
        """The HTTPRoute of the ModelDeployment's name."""
        subject, traffic = site.subject, site.subject.spec.traffic
        parents, route = await asyncio.gather(
            find_parents(client, site.settings, traffic.parent_refs if traffic else None, subject.namespace),
            client.get(HTTP_ROUTE, subject.namespace, subject.name),
        )
        external = external_hostnames(site.settings, subject.name, subject.namespace, traffic)
        problem = parents.problem or _foreign(subject, route)
        if route is None or problem:
            return RouteView(parents=parents, hostnames=external, problem=problem)
        state = read_route(subject, route, parents.refs, _all(subject, external))
        rules = {f"httproute/{subject.namespace}/{subject.name}/rule/0": list(state.split)}
        return RouteView(state, parents, external, rules=rules)

    async def write(self, client: Client, site: Site, view: RouteView, course: Course) -> None:
        """One server-side apply: the whole route is ours."""
        subject = site.subject
        hostnames = _all(subject, view.hostnames)
        body = render_route(subject, view.parents.refs, hostnames, course, site.components)
        await client.apply(HTTP_ROUTE, body)

    async def remove(self, client: Client, site: Site, view: RouteView) -> None:  # noqa: ARG002
        """The route goes."""
        await client.delete(HTTP_ROUTE, site.subject.namespace, site.subject.name)


def _all(subject: Subject, external: Sequence[str]) -> list[str]:
    """The route's host names, the in-cluster ones included."""
    return [*external, *address_names(subject.name, subject.namespace)]


def _foreign(subject: Subject, route: Json | None) -> Problem | None:
    if route is None or is_ours(subject, route):
        return None
    return Problem(
        reasons.ROUTE_CONFLICT,
        f"there is an HTTPRoute {subject.name} that is not this ModelDeployment's: delete it, or choose another name",
    )
