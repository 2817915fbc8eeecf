"""Routes of Slipway's own: an HTTPRoute and, where the spec asks for it, a GRPCRoute and a policy for sticky clients.

All are made and owned by the ModelDeployment. The routes always lead to the same revisions, with the same weights; a
split has taken when all have been accepted. What the gateway refuses beside the HTTPRoute leads to nobody: that is told,
and holds no switch up, least of all the one back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from slipway_operator.api import names, reasons
from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.cluster.client import Client, Json
from slipway_operator.cluster.edits import route_edit
from slipway_operator.cluster.gateway import Parents, find_parents
from slipway_operator.cluster.hostnames import claimed_hostnames, external_hostnames
from slipway_operator.cluster.kinds import GRPC_ROUTE, HTTP_ROUTE, SERVICE, TRAFFIC_POLICY, Kind
from slipway_operator.cluster.preflight import check_cluster
from slipway_operator.cluster.render.address import address_names
from slipway_operator.cluster.render.backends import Places, accepted, holds, places_in
from slipway_operator.cluster.render.common import Subject, is_ours
from slipway_operator.cluster.render.grpc import grpc_port, render_grpc_route
from slipway_operator.cluster.render.route import read_route, render_route
from slipway_operator.cluster.render.sticky import policy_accepted, render_policy
from slipway_operator.cluster.routes.backend import RouteView, Site
from slipway_operator.rollout.observation import Course, Edit, Feature, Problem, RouteState

MADE = (HTTP_ROUTE, GRPC_ROUTE, TRAFFIC_POLICY)
"""What there may be of them, each of the ModelDeployment's name."""
_ARTICLES = {HTTP_ROUTE: "an", GRPC_ROUTE: "a", TRAFFIC_POLICY: "a"}


class OwnRoutes:
    """The way of every ModelDeployment that names no route of its own."""

    features: frozenset[Feature] = frozenset({"mirror", "pins"})

    def fits(self, spec: ModelDeploymentSpec) -> bool:  # noqa: ARG002
        """It fits all."""
        return True

    def kinds(self, spec: ModelDeploymentSpec) -> Sequence[Kind]:  # noqa: ARG002
        """HTTPRoute; without what else is asked for requests can be split all the same."""
        return (HTTP_ROUTE,)

    async def read(self, client: Client, site: Site) -> RouteView:
        """The routes of the ModelDeployment's name."""
        subject = site.subject
        plan = await _plan(client, site)
        http, grpc, policy = [await client.get(kind, subject.namespace, subject.name) for kind in MADE]
        claimed = claimed_hostnames(site.settings, subject.name, subject.namespace, subject.spec.traffic)
        problem = (
            plan.parents.problem
            or _foreign(subject, HTTP_ROUTE, http)
            or (_foreign(subject, GRPC_ROUTE, grpc) if plan.grpc else None)
            or (_foreign(subject, TRAFFIC_POLICY, policy) if plan.policy else None)
        )
        view = RouteView(
            parents=plan.parents,
            hostnames=claimed,
            host=claimed[0],
            local=True,
            problem=problem,
            lacking=plan.lacking,
        )
        if http is None or problem:
            return view
        edit = _edit(http, grpc)
        state = read_route(
            subject, http, plan.parents.refs, plan.hostnames, site.components, edited=edit is not None
        )
        rules = {_rule(subject, HTTP_ROUTE): places_in(subject, http).backends}
        if grpc:
            rules[_rule(subject, GRPC_ROUTE)] = places_in(subject, grpc).backends
        state = replace(_both(subject, plan, state, grpc), edit=edit)
        state = _beside(subject, state, policy, plan.policy, policy_accepted)
        return replace(view, state=state, rules=rules)

    async def write(self, client: Client, site: Site, course: Course) -> None:
        """Server-side apply: the routes are ours as a whole."""
        subject, plan = site.subject, await _plan(client, site)
        http, grpc = [
            await client.get(kind, subject.namespace, subject.name) for kind in (HTTP_ROUTE, GRPC_ROUTE)
        ]
        places = places_in(subject, http)
        body = render_route(subject, plan.parents.refs, plan.hostnames, course, site.components, places)
        await client.ensure(HTTP_ROUTE, body)
        for kind, part in (
            (GRPC_ROUTE, plan.render_grpc(subject, course, places_in(subject, grpc))),
            (TRAFFIC_POLICY, plan.policy),
        ):
            if part:
                await client.ensure(kind, part)
            else:
                await _remove(client, subject, kind)

    async def remove(self, client: Client, site: Site) -> None:
        """The routes go."""
        for kind in MADE:
            await _remove(client, site.subject, kind)


@dataclass(frozen=True)
class Plan:
    """Everything but the course."""

    parents: Parents
    hostnames: Sequence[str]
    """The HTTPRoute's, those of the in-cluster address included."""
    components: Mapping[str, str]
    lacking: Problem | None
    """What the spec asks for beside the HTTPRoute and the cluster does not serve: left out."""
    policy: Json | None
    """The policy for sticky clients, if there is to be one."""
    grpc: bool
    grpc_hostnames: Sequence[str]
    grpc_ports: Mapping[str, int]
    """Of each revision that speaks gRPC."""

    def render_grpc(self, subject: Subject, course: Course, places: Places) -> Json | None:
        """The GRPCRoute, if there is to be one."""
        if not self.grpc:
            return None
        return render_grpc_route(
            subject, self.parents.refs, self.grpc_hostnames, course, self.components, self.grpc_ports, places
        )


async def _plan(client: Client, site: Site) -> Plan:
    subject, traffic = site.subject, site.subject.spec.traffic
    parents = await find_parents(
        client, site.settings, traffic.parent_refs if traffic else None, subject.namespace
    )
    external = external_hostnames(site.settings, subject.name, subject.namespace, traffic)
    hostnames = [*external, *address_names(subject.name, subject.namespace)]
    policy, grpc = render_policy(subject), traffic.grpc if traffic else None
    lacking = {
        kind: await check_cluster(client, [kind])
        for kind, part in ((GRPC_ROUTE, grpc), (TRAFFIC_POLICY, policy))
        if part
    }
    return Plan(
        parents=parents,
        hostnames=hostnames,
        components=site.components,
        lacking=next(filter(None, lacking.values()), None),
        policy=None if lacking.get(TRAFFIC_POLICY) else policy,
        grpc=grpc is not None and not lacking[GRPC_ROUTE],
        grpc_hostnames=(grpc and grpc.hostnames) or hostnames,
        grpc_ports=await _grpc_ports(client, site) if grpc else {},
    )


async def _grpc_ports(client: Client, site: Site) -> dict[str, int]:
    ports = {}
    for revision, component in site.components.items():
        name = names.entry_service(site.subject.name, revision, component)
        service = await client.get(SERVICE, site.subject.namespace, name)
        if service and (port := grpc_port(service)):
            ports[revision] = port
    return ports


def _both(subject: Subject, plan: Plan, http: RouteState, grpc: Json | None) -> RouteState:
    """The state of the two as one."""
    wanted = plan.render_grpc(subject, http, places_in(subject, grpc))
    state = _beside(subject, http, grpc, wanted, accepted)
    return replace(state, grpc_generation=grpc["metadata"]["generation"]) if wanted and grpc else state


def _edit(http: Json, grpc: Json | None) -> Edit | None:
    """What somebody has done to one of the two."""
    return route_edit(HTTP_ROUTE, http) or (route_edit(GRPC_ROUTE, grpc) if grpc else None)


def _beside(
    subject: Subject,
    state: RouteState,
    found: Json | None,
    wanted: Json | None,
    acceptance: Callable[[Json], tuple[bool, str | None]],
) -> RouteState:
    """The state with an object beside the HTTPRoute that is ``wanted`` (None: it is not to be there)."""
    if wanted is None:
        return replace(state, current=state.current and not (found and is_ours(subject, found)))
    if found is None:
        return replace(state, current=False, accepted=False)
    taken, message = acceptance(found)
    return replace(
        state,
        accepted=state.accepted and (taken or message is not None),
        message=state.message or message,
        current=state.current and holds(found.get("spec"), wanted["spec"]),
    )


async def _remove(client: Client, subject: Subject, kind: Kind) -> None:
    """Take a route away, if it is there and ours."""
    found = await client.get(kind, subject.namespace, subject.name)
    if found and is_ours(subject, found):
        await client.delete(kind, subject.namespace, subject.name)


def _rule(subject: Subject, kind: Kind) -> str:
    """The weighted rule, as Envoy Gateway names it."""
    return f"{kind.name.lower()}/{subject.namespace}/{subject.name}/rule/0"


def _foreign(subject: Subject, kind: Kind, route: Json | None) -> Problem | None:
    if route is None or is_ours(subject, route):
        return None
    return Problem(
        reasons.ROUTE_CONFLICT,
        f"there is {_ARTICLES[kind]} {kind.name} {subject.name} that is not this ModelDeployment's: delete it, or choose"
        " another name",
    )
