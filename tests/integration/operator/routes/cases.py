"""The ways of splitting requests that the conformance suite tries. A new backend adds its cases here, and nothing else."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from slipway_operator.api import names
from slipway_operator.api.spec import ModelDeploymentSpec, ParentRef
from slipway_operator.cluster.client import ApiError, Client
from slipway_operator.cluster.kinds import GATEWAY, GRPC_ROUTE, HTTP_ROUTE, SERVICE, TRAFFIC_POLICY, Kind
from slipway_operator.cluster.render.common import Subject
from slipway_operator.cluster.routes.backend import Backend, Site
from slipway_operator.cluster.routes.registry import backend_of
from slipway_operator.settings import Settings

Json = dict[str, Any]

OLD, NEW, NEXT = "aaaa1111", "bbbb2222", "cccc3333"
COMPONENTS = {OLD: "predictor", NEW: "transformer", NEXT: "predictor"}


async def nothing(client: Client, namespace: str) -> None:
    """Most backends find nothing and need nothing."""


PLACEHOLDER = {"name": "churn", "port": 80}
MINE = {
    "parentRefs": [{"name": "gateway"}],
    "hostnames": ["models.example.com"],
    "rules": [
        {"matches": [{"path": {"value": "/legacy"}}], "backendRefs": [{"name": "legacy", "port": 8080}]},
        {
            "matches": [{"path": {"value": "/v2"}}],
            "timeouts": {"request": "3s"},
            "filters": [
                {
                    "type": "RequestHeaderModifier",
                    "requestHeaderModifier": {"set": [{"name": "x-team", "value": "ml"}]},
                }
            ],
            "backendRefs": [PLACEHOLDER],
        },
        {"matches": [{"headers": [{"name": "x-beta", "value": "1"}]}], "backendRefs": [PLACEHOLDER]},
    ],
}
"""A route of the user's, with two rules that lead to the model and one that does not."""


async def mine(client: Client, namespace: str) -> None:
    await create(client, HTTP_ROUTE, namespace, "mine", MINE)


@dataclass(frozen=True)
class Case:
    """One backend, or one way of asking it."""

    name: str
    traffic: Json
    prepare: Callable[[Client, str], Awaitable[None]] = nothing
    """What the user has to have made before."""
    routes: tuple[tuple[Kind, str], ...] = ((HTTP_ROUTE, "churn"),)
    """The objects that carry the split."""
    others: tuple[tuple[Kind, str], ...] = ()
    """What else the gateway has to accept."""
    features: frozenset[str] = field(default_factory=lambda: frozenset({"mirror", "pins"}))


CASES = (
    Case("HTTPRoute", {}),
    Case("HTTPRoute and GRPCRoute", {"grpc": {}}, routes=((HTTP_ROUTE, "churn"), (GRPC_ROUTE, "churn"))),
    Case(
        "HTTPRoute and GRPCRoute, sticky",
        {"grpc": {}, "sticky": {"header": "x-user-id"}},
        routes=((HTTP_ROUTE, "churn"), (GRPC_ROUTE, "churn")),
        others=((TRAFFIC_POLICY, "churn"),),
    ),
    Case(
        "routeRef",
        {"routeRef": {"name": "mine"}},
        prepare=mine,
        routes=((HTTP_ROUTE, "mine"),),
        features=frozenset(),
    ),
)


def spec(traffic: Json) -> ModelDeploymentSpec:
    model = {"uri": "pvc://models/1", "digest": f"sha256:{'0' * 64}"}
    return ModelDeploymentSpec.model_validate({"model": model, "traffic": traffic})


def site(namespace: str, traffic: Json) -> tuple[Backend, Site]:
    """The backend that a ModelDeployment churn with this traffic gets, and what it works on."""
    wanted = spec(traffic)
    settings = Settings(gateway=ParentRef(namespace=namespace, name="gateway"))
    subject = Subject("churn", namespace, "0000-uid", wanted)
    return backend_of(wanted), Site(subject, settings, COMPONENTS)


async def surroundings(client: Client, namespace: str) -> None:
    """A Gateway, and the Services that KServe makes for three revisions that speak REST and gRPC."""
    listener = {"name": "http", "port": 80, "protocol": "HTTP"}
    await create(client, GATEWAY, namespace, "gateway", {"gatewayClassName": "any", "listeners": [listener]})
    ports = [{"name": "http", "port": 80}, {"name": "grpc", "port": 9000}]
    for revision, component in COMPONENTS.items():
        name = names.entry_service("churn", revision, component)
        await create(client, SERVICE, namespace, name, {"ports": ports})


async def create(client: Client, kind: Kind, namespace: str, name: str, content: Json) -> Json:
    body = {"apiVersion": kind.api_version, "kind": kind.name, "spec": content}
    return await client.create(kind, {**body, "metadata": {"namespace": namespace, "name": name}})


async def say(client: Client, kind: Kind, namespace: str, name: str, status: str = "True") -> None:
    """In the gateway's place: an object is accepted as it is now, or not."""
    while True:
        body = await client.get(kind, namespace, name)
        assert body, f"there is no {kind.name} {name}"
        try:
            await client.replace_status(kind, {**body, "status": _said(kind, body, status)})
            return
        except ApiError as error:
            if error.status != 409:
                raise


def _said(kind: Kind, body: Json, status: str) -> Json:
    condition = {
        "status": status,
        "reason": "Said",
        "message": f"{kind.name} {status}",
        "observedGeneration": body["metadata"]["generation"],
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    whose = {
        "controllerName": "example.com/gateway",
        "conditions": [{**condition, "type": part} for part in ("Accepted", "ResolvedRefs")],
    }
    if kind is TRAFFIC_POLICY:
        return {"ancestors": [{**whose, "ancestorRef": {"name": "gateway"}}]}
    return {"parents": [{**whose, "parentRef": {"name": "gateway"}}]}
