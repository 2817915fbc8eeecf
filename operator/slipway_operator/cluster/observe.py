"""Reading the cluster into an ``Observation``: everything that one decision looks at, and no more."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from slipway_operator.api import names, reasons
from slipway_operator.api.status import ModelDeploymentStatus, Revision
from slipway_operator.cluster import preflight
from slipway_operator.cluster.claims import Claims
from slipway_operator.cluster.client import Client, Json
from slipway_operator.cluster.gateway import Parents, external_url, find_parents
from slipway_operator.cluster.kinds import HTTP_ROUTE, SERVICE
from slipway_operator.cluster.policies import find_policy
from slipway_operator.cluster.render.address import address_names, render_address
from slipway_operator.cluster.render.common import Subject
from slipway_operator.cluster.render.route import read_route
from slipway_operator.cluster.render.runtime import runtime_hash
from slipway_operator.cluster.render.service import render_service, scale_bounds
from slipway_operator.cluster.revisions import Found, find_revisions
from slipway_operator.rollout.observation import GateOutcome, Observation, Policy, Problem, Readings
from slipway_operator.settings import Settings


@dataclass(frozen=True)
class View:
    """An observation, with what carrying out its decision needs."""

    seen: Observation
    found: Found
    parents: Parents
    hostnames: Sequence[str]
    """Those of the route, the in-cluster ones included."""
    runtime: Json | None
    """The (Cluster)ServingRuntime that the spec names."""

    def with_news(self, readings: Readings | None, gate: GateOutcome | None) -> "View":
        """The view with the pods' counters, and with what came of the running gate."""
        return replace(self, seen=replace(self.seen, readings=readings, gate=gate))


async def observe(
    client: Client,
    settings: Settings,
    claims: Claims,
    subject: Subject,
    status: ModelDeploymentStatus,
    wanted: Revision,
) -> View:
    """Read everything. Raises ``ApiError`` where the API server does not answer."""
    found, parents, runtime, route, address, policy = await asyncio.gather(
        find_revisions(client, subject),
        find_parents(client, settings, subject),
        preflight.find_runtime(client, subject),
        client.get(HTTP_ROUTE, subject.namespace, subject.name),
        client.get(SERVICE, subject.namespace, subject.name),
        find_policy(client, subject),
    )
    external = external_hostnames(settings, subject.name, subject.namespace, subject.spec.traffic)
    hostnames = [*external, *address_names(subject.name, subject.namespace)]
    route_problem = (
        parents.problem
        or claims.problem((subject.namespace, subject.name), external)
        or _foreign(subject, route)
    )
    needed = wanted.revision not in found.states and not (
        status.failed and status.failed.revision == wanted.revision
    )
    problem = await preflight.check(client, subject, wanted, runtime) if needed else None
    seen = Observation(
        revisions=found.states,
        route=read_route(subject, route, parents.refs, hostnames) if route and not route_problem else None,
        problem=route_problem or problem,
        route_problem=route_problem,
        policy=policy if isinstance(policy, Policy) else None,
        policy_problem=policy if isinstance(policy, Problem) else None,
        runtime_hash=runtime_hash(runtime) if runtime else None,
        scale=scale_bounds(render_service(subject, wanted)["spec"]),
        leftovers=tuple(name for name in found.runtimes if name not in found.states),
    )
    if route_problem is None:
        url = external_url(parents, external[0], settings)
        seen = replace(_with_address(seen, subject, parents, address), hostnames=tuple(external), url=url)
    return View(seen, found, parents, hostnames, runtime)


def external_hostnames(settings: Settings, name: str, namespace: str, traffic: object) -> list[str]:
    """The host names for clients outside: the spec's own, else the one made at install's template."""
    own = getattr(traffic, "hostnames", None)
    return list(own) if own else [settings.hostname(name, namespace)]


def _with_address(seen: Observation, subject: Subject, parents: Parents, service: Json | None) -> Observation:
    """``seen`` with the in-cluster address: its URL, and whether the Service is as it should be."""
    if parents.service is None or (service and not _is_ours(subject, service)):
        return seen  # no Service to be an alias of, or the name is taken by somebody else's: no address
    wanted = render_address(subject, parents.service)["spec"]
    current = service is not None and wanted.items() <= service.get("spec", {}).items()
    port = "" if parents.port == 80 else f":{parents.port}"
    host = address_names(subject.name, subject.namespace)[-1]
    return replace(seen, address=f"{parents.scheme}://{host}{port}", address_current=current)


def _foreign(subject: Subject, route: Json | None) -> Problem | None:
    if route is None or _is_ours(subject, route):
        return None
    return Problem(
        reasons.ROUTE_CONFLICT,
        f"there is an HTTPRoute {subject.name} that is not this ModelDeployment's: delete it, or choose another name",
    )


def _is_ours(subject: Subject, body: Json) -> bool:
    labels = body["metadata"].get("labels", {})
    owners = [owner.get("uid") for owner in body["metadata"].get("ownerReferences", [])]
    return labels.get(names.LABEL_DEPLOYMENT) == subject.name and (not owners or subject.uid in owners)
