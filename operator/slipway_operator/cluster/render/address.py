"""The in-cluster address: a Service named as the ModelDeployment, an alias of the gateway's Service."""

from collections.abc import Sequence

from slipway_operator.cluster.kinds import SERVICE
from slipway_operator.cluster.render.common import Json, Subject, head

CLUSTER_DOMAIN = "svc.cluster.local"


def render_address(subject: Subject, gateway_service: str) -> Json:
    """The Service; ``gateway_service`` is namespace/name of what it is an alias of."""
    namespace, _, name = gateway_service.partition("/")
    body = head(subject, SERVICE, subject.name)
    body["spec"] = {"type": "ExternalName", "externalName": f"{name}.{namespace}.{CLUSTER_DOMAIN}"}
    return body


def address_names(name: str, namespace: str) -> Sequence[str]:
    """The host names under which programs in the cluster reach it, the shortest first."""
    return [f"{name}.{namespace}", f"{name}.{namespace}.svc", f"{name}.{namespace}.{CLUSTER_DOMAIN}"]
