"""Reading the cluster into an ``Observation``: everything that one decision looks at, and no more."""

from dataclasses import dataclass, replace

from slipway_operator.api.status import ModelDeploymentStatus, Revision
from slipway_operator.cluster import preflight
from slipway_operator.cluster.claims import Claims
from slipway_operator.cluster.client import Client, Json
from slipway_operator.cluster.edits import find_edits
from slipway_operator.cluster.gateway import Parents, external_url
from slipway_operator.cluster.kinds import INFERENCE_SERVICE, SERVICE
from slipway_operator.cluster.policies import find_policy
from slipway_operator.cluster.render.address import address_names, render_address
from slipway_operator.cluster.render.common import Subject, is_ours
from slipway_operator.cluster.render.record import recorded
from slipway_operator.cluster.render.runtime import runtime_hash
from slipway_operator.cluster.render.service import render_service, scale_bounds
from slipway_operator.cluster.revisions import Found, find_revisions
from slipway_operator.cluster.routes.backend import RouteView, Site
from slipway_operator.cluster.routes.registry import backend_of
from slipway_operator.rollout.observation import (
    GateOutcome,
    Observation,
    Policy,
    Problem,
    Readings,
    RouteState,
)
from slipway_operator.settings import Settings


@dataclass(frozen=True)
class View:
    """An observation, with what carrying out its decision needs."""

    seen: Observation
    found: Found
    site: Site
    route: RouteView
    runtime: Json | None
    """The (Cluster)ServingRuntime that the spec names."""

    def with_news(
        self, readings: Readings | None, gate: GateOutcome | None, route: RouteState | None
    ) -> "View":
        """The view with the pods' counters, with what came of the running gate, and with the route's times."""
        return replace(self, seen=replace(self.seen, readings=readings, gate=gate, route=route))


async def observe(
    client: Client,
    settings: Settings,
    claims: Claims,
    subject: Subject,
    status: ModelDeploymentStatus,
    wanted: Revision,
) -> View:
    """Read everything. Raises ``ApiError`` where the API server does not answer."""
    backend = backend_of(subject.spec)
    # One after the other: nearly all of it is in memory, where tasks of their own would only cost.
    found = await find_revisions(client, subject)
    runtime = await preflight.find_runtime(client, subject)
    address = await client.get(SERVICE, subject.namespace, subject.name)
    policy = await find_policy(client, subject)
    site = Site(subject, settings, {**found.components, wanted.revision: wanted.component})
    unserved = await preflight.check_cluster(client, (INFERENCE_SERVICE, *backend.kinds(subject.spec)))
    route = RouteView(problem=unserved) if unserved else await backend.read(client, site)
    route_problem = route.problem or claims.problem((subject.namespace, subject.name), route.hostnames)
    roles = (status.stable, status.canary, status.previous)
    edits = await find_edits(client, subject, found, [part.revision for part in roles if part])
    needed = wanted.revision not in found.states and not (
        status.failed and status.failed.revision == wanted.revision
    )
    problem = await preflight.check(client, subject, wanted, runtime, status) if needed else None
    seen = Observation(
        revisions={name: replace(state, edits=edits.get(name, ())) for name, state in found.states.items()},
        recorded={name: recorded(record) for name, record in found.records.items() if edits.get(name) != ()},
        route=None if route_problem else _with_message(route),
        features=backend.features,
        problem=route_problem or route.lacking or problem,
        route_problem=route_problem,
        policy=policy if isinstance(policy, Policy) else None,
        policy_problem=policy if isinstance(policy, Problem) else None,
        runtime_hash=runtime_hash(runtime) if runtime else None,
        scale=scale_bounds(render_service(subject, wanted)["spec"]),
        leftovers=tuple(name for name in found.runtimes if name not in found.states),
    )
    if route_problem is None:
        url = external_url(route.parents, route.host, settings) if route.host else None
        seen = _with_address(seen, subject, route.parents, address) if route.local else seen
        seen = replace(seen, hostnames=tuple(route.hostnames), url=url)
    return View(seen, found, site, route, runtime)


def _with_message(route: RouteView) -> RouteState | None:
    """The state, which tells what it has to do without."""
    if route.state is None or route.lacking is None:
        return route.state
    return replace(route.state, message=route.state.message or route.lacking.message)


def _with_address(seen: Observation, subject: Subject, parents: Parents, service: Json | None) -> Observation:
    """``seen`` with the in-cluster address: its URL, and whether the Service is as it should be."""
    if parents.service is None or (service and not is_ours(subject, service)):
        return seen  # no Service to be an alias of, or the name is taken by somebody else's: no address
    wanted = render_address(subject, parents.service)["spec"]
    current = service is not None and wanted.items() <= service.get("spec", {}).items()
    port = "" if parents.port == 80 else f":{parents.port}"
    host = address_names(subject.name, subject.namespace)[-1]
    return replace(seen, address=f"{parents.scheme}://{host}{port}", address_current=current)
