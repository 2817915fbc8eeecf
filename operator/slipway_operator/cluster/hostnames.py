"""The host names that a ModelDeployment's routes take for clients outside."""

from slipway_operator.api.spec import Traffic
from slipway_operator.settings import Settings


def external_hostnames(settings: Settings, name: str, namespace: str, traffic: Traffic | None) -> list[str]:
    """Those of the HTTPRoute: the spec's own, else the one made at install's template."""
    own = traffic.hostnames if traffic else None
    return list(own) if own else [settings.hostname(name, namespace)]


def claimed_hostnames(settings: Settings, name: str, namespace: str, traffic: Traffic | None) -> list[str]:
    """All that nobody else may have; none where the route is the user's own."""
    if traffic and traffic.route_ref:
        return []
    grpc = (traffic.grpc.hostnames if traffic and traffic.grpc else None) or []
    return [*external_hostnames(settings, name, namespace, traffic), *grpc]
