"""The Service of a predictor: port 80 to the container's first port, every further port by its own number."""

from slipway_standin.objects import Obj, owner_reference

PUBLIC_PORT = 80
_DEFAULT_CONTAINER_PORT = 8080


def service(isvc: Obj, meta: Obj, spec: Obj) -> Obj:
    """The Service from the shared metadata and the pod spec."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {**meta, "ownerReferences": [owner_reference(isvc)]},
        "spec": {
            "selector": {"app": meta["labels"]["app"]},
            "ports": _ports(spec["containers"][0].get("ports") or [], meta["name"]),
        },
    }


def _ports(declared: list[Obj], name: str) -> list[Obj]:
    if not declared:
        return [_port({"name": name, "containerPort": _DEFAULT_CONTAINER_PORT}, PUBLIC_PORT)]
    first, *rest = declared
    return [_port(first, PUBLIC_PORT), *(_port(port, port["containerPort"]) for port in rest)]


def _port(declared: Obj, number: int) -> Obj:
    port: Obj = {
        "port": number,
        "targetPort": declared["containerPort"],
        "protocol": declared.get("protocol") or "TCP",
    }
    name = declared.get("name", "")
    if name:
        port["name"] = name
    if is_grpc(name):
        port["appProtocol"] = "kubernetes.io/h2c"
    return port


def is_grpc(name: str) -> bool:
    """Whether a port's name says that it speaks gRPC."""
    return "grpc" in name or "h2c" in name
