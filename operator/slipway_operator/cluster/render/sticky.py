"""Clients that stay with one revision: Envoy Gateway's policy that a header's hash chooses the backend.

Envoy cuts the hashes into ranges by the weights, in the order of the backends, and those keep their places: a weight that
rises takes clients from the other side and gives none away.
"""

from slipway_operator.cluster.kinds import GRPC_ROUTE, HTTP_ROUTE, TRAFFIC_POLICY
from slipway_operator.cluster.render.common import Json, Subject, head


def render_policy(subject: Subject) -> Json | None:
    """The policy over the ModelDeployment's own routes; None where it asks for none."""
    traffic = subject.spec.traffic
    if traffic is None or traffic.sticky is None:
        return None
    kinds = (HTTP_ROUTE, GRPC_ROUTE) if traffic.grpc else (HTTP_ROUTE,)
    body = head(subject, TRAFFIC_POLICY, subject.name)
    body["spec"] = {
        "targetRefs": [{"group": kind.group, "kind": kind.name, "name": subject.name} for kind in kinds],
        "loadBalancer": {
            "type": "ConsistentHash",
            "consistentHash": {"type": "Headers", "headers": [{"name": traffic.sticky.header}]},
        },
    }
    return body


def policy_accepted(policy: Json) -> tuple[bool, str | None]:
    """Whether every Gateway has accepted the policy as it is now; if not, why."""
    ancestors = policy.get("status", {}).get("ancestors", [])
    for ancestor in ancestors:
        condition: Json = next(
            (part for part in ancestor.get("conditions", []) if part["type"] == "Accepted"), {}
        )
        if condition.get("observedGeneration", 0) < policy["metadata"]["generation"]:
            return False, None
        if condition["status"] != "True":
            return False, condition.get("message")
    return bool(ancestors), None
