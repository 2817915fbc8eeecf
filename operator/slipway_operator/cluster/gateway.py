"""The Gateways that a ModelDeployment's route hangs on: do they exist, at which URL, behind which Service."""

from collections.abc import Sequence
from dataclasses import dataclass

from slipway_operator.api import reasons
from slipway_operator.api.spec import ParentRef
from slipway_operator.cluster.client import Client, Json
from slipway_operator.cluster.kinds import GATEWAY, POD, SERVICE
from slipway_operator.rollout.observation import Problem
from slipway_operator.settings import Settings

# Labels on the Service that a Gateway implementation makes: the standard one (GEP-1762), then Envoy Gateway's.
STANDARD_LABEL = "gateway.networking.k8s.io/gateway-name"
ENVOY_LABEL = "gateway.envoyproxy.io/owning-gateway-name"
_ENVOY = f"{ENVOY_LABEL}={{name}},gateway.envoyproxy.io/owning-gateway-namespace={{namespace}}"
_LABELS = (f"{STANDARD_LABEL}={{name}}", _ENVOY)
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Parents:
    """The Gateways of a route."""

    refs: Sequence[ParentRef] = ()
    scheme: str = "http"
    port: int = 80
    """The listener's port."""
    service: str | None = None
    """namespace/name of the Service behind the first one; None where it cannot be found."""
    problem: Problem | None = None


async def find_parents(
    client: Client, settings: Settings, wanted: Sequence[ParentRef] | None, namespace: str
) -> Parents:
    """Look the Gateways up that a route of this namespace wants; what is wrong with them comes as ``problem``."""
    refs = wanted or ([settings.gateway] if settings.gateway else [])
    if not refs:
        message = "name a Gateway in spec.traffic.parentRefs, or install the chart with gateway.name"
        return Parents(problem=Problem(reasons.GATEWAY_UNSET, message))
    found = []
    for ref in refs:
        place = ref.namespace or namespace
        gateway = await client.get(GATEWAY, place, ref.name)
        if gateway is None:
            return Parents(refs=refs, problem=_missing(place, ref))
        found.append(gateway)
    scheme, port = _listener(found[0], refs[0].section_name)
    return Parents(refs, scheme, port, settings.gateway_service or await _service(client, found[0]))


async def find_proxies(client: Client, parents: Parents, namespace: str) -> list[Json]:
    """The proxy pods of all Gateways of a route, where they are Envoy Gateway's; ``namespace`` is the route's."""
    found = []
    for ref in parents.refs:
        labels = _ENVOY.format(name=ref.name, namespace=ref.namespace or namespace)
        found += await client.list(POD, labels=labels)
    return found


def external_url(parents: Parents, hostname: str, settings: Settings) -> str:
    """The URL for clients outside."""
    port = settings.url_port or parents.port
    suffix = "" if port == _DEFAULT_PORTS[parents.scheme] else f":{port}"
    return f"{parents.scheme}://{hostname}{suffix}"


def _missing(namespace: str, ref: ParentRef) -> Problem:
    message = (
        f"there is no Gateway {ref.name} in namespace {namespace}: create it, or name another one in"
        " spec.traffic.parentRefs"
    )
    return Problem(reasons.GATEWAY_MISSING, message)


def _listener(gateway: Json, section: str | None) -> tuple[str, int]:
    """Scheme and port of the named listener, else of the first."""
    listeners = gateway.get("spec", {}).get("listeners", [])
    chosen: Json = next((part for part in listeners if section in (None, part.get("name"))), {})
    scheme = "https" if chosen.get("protocol") in ("HTTPS", "TLS") else "http"
    return scheme, chosen.get("port", _DEFAULT_PORTS[scheme])


async def _service(client: Client, gateway: Json) -> str | None:
    metadata = gateway["metadata"]
    for labels in _LABELS:
        selector = labels.format(name=metadata["name"], namespace=metadata["namespace"])
        for service in await client.list(SERVICE, labels=selector):
            found = service["metadata"]
            return f"{found['namespace']}/{found['name']}"
    return None
