"""The two HTTPRoutes of an InferenceService that is reachable from outside: its own and its predictor's."""

from slipway_standin import names
from slipway_standin.objects import Obj, labels_of, owner_reference
from slipway_standin.pod import inherited
from slipway_standin.service import PUBLIC_PORT, is_grpc
from slipway_standin.settings import Settings

_EVERYTHING = [{"path": {"type": "RegularExpression", "value": "^/.*$"}}]
_GRPC = [
    {
        "path": {"type": "RegularExpression", "value": r"^/inference\.GRPCInferenceService/.*$"},
        "headers": [{"type": "RegularExpression", "name": "content-type", "value": "^application/grpc.*"}],
    }
]


def is_public(isvc: Obj) -> bool:
    """Whether routes are made at all: not for one labelled cluster-local."""
    return labels_of(isvc).get(names.VISIBILITY) != names.CLUSTER_LOCAL


def route_names(isvc: Obj) -> tuple[str, str]:
    """The predictor's route, then the InferenceService's own; they never carry the predictor's own name."""
    name = isvc["metadata"]["name"]
    return names.predictor_name(name), name


def routes(isvc: Obj, service: Obj, settings: Settings) -> list[Obj]:
    """Both routes, in the order they are made; their backend is the predictor's Service."""
    return [_route(isvc, name, service, settings) for name in route_names(isvc)]


def _route(isvc: Obj, name: str, service: Obj, settings: Settings) -> Obj:
    metadata = isvc["metadata"]
    gateway_namespace, _, gateway = settings.gateway.partition("/")
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {
            "name": name,
            "namespace": metadata["namespace"],
            "labels": dict(labels_of(isvc)),
            "annotations": inherited(metadata.get("annotations")),
            "ownerReferences": [owner_reference(isvc)],
        },
        "spec": {
            "hostnames": [settings.host(name, metadata["namespace"])],
            "parentRefs": [
                {
                    "group": "gateway.networking.k8s.io",
                    "kind": "Gateway",
                    "namespace": gateway_namespace,
                    "name": gateway,
                }
            ],
            "rules": _rules(isvc, service),
        },
    }


def _rules(isvc: Obj, service: Obj) -> list[Obj]:
    ports = service["spec"]["ports"]
    grpc = next((port["port"] for port in ports if is_grpc(port.get("name", ""))), None)
    rest = next((port["port"] for port in ports if not is_grpc(port.get("name", ""))), None)
    if grpc and rest:
        return [_rule(isvc, service, _GRPC, grpc), _rule(isvc, service, _EVERYTHING, rest)]
    return [_rule(isvc, service, _EVERYTHING, PUBLIC_PORT)]


def _rule(isvc: Obj, service: Obj, matches: list[Obj], port: int) -> Obj:
    metadata = isvc["metadata"]
    headers = [
        {"name": "KServe-Isvc-Name", "value": metadata["name"]},
        {"name": "KServe-Isvc-Namespace", "value": metadata["namespace"]},
    ]
    return {
        "matches": matches,
        "filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": headers}}],
        "backendRefs": [
            {
                "group": "",
                "kind": "Service",
                "name": service["metadata"]["name"],
                "namespace": metadata["namespace"],
                "port": port,
                "weight": 1,
            }
        ],
        "timeouts": {"request": f"{isvc['spec']['predictor'].get('timeout', 60)}s"},
    }
