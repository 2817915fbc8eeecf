"""The HorizontalPodAutoscaler of a component, for the default autoscaler class (``hpa``)."""

from slipway_standin import names
from slipway_standin.objects import Obj, owner_reference

_DEFAULT_UTILIZATION = 80


def is_scaled(meta: Obj) -> bool:
    """Whether an HPA is wanted: no autoscaler class, or ``hpa``."""
    return bool(meta["annotations"].get(names.AUTOSCALER_CLASS, "hpa") == "hpa")


def autoscaler(isvc: Obj, meta: Obj, component: str = names.PREDICTOR) -> Obj:
    """The HPA over the component's Deployment; fewer than one replica is raised to one."""
    part = isvc["spec"][component]
    minimum = max(part.get("minReplicas") or 1, 1)
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {**meta, "ownerReferences": [owner_reference(isvc)]},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": meta["name"]},
            "minReplicas": minimum,
            "maxReplicas": max(part.get("maxReplicas") or 0, minimum),
            "metrics": _metrics(part),
            "behavior": {},
        },
    }


def _metrics(part: Obj) -> list[Obj]:
    scaling = part.get("autoScaling")
    if scaling:
        named = [metric["resource"] for metric in scaling.get("metrics") or [] if metric.get("resource")]
        return [_metric(resource["name"], _target(resource)) for resource in named]
    resource = part.get("scaleMetric") or "cpu"
    target = part.get("scaleTarget") or (_DEFAULT_UTILIZATION if resource == "cpu" else None)
    return [_metric(resource, _utilization(target))] if target and resource in ("cpu", "memory") else []


def _metric(resource: str, target: Obj) -> Obj:
    return {"type": "Resource", "resource": {"name": resource, "target": target}}


def _utilization(percent: int) -> Obj:
    return {"type": "Utilization", "averageUtilization": percent}


def _target(resource: Obj) -> Obj:
    wanted = resource.get("target") or {}
    if resource["name"] == "memory" and wanted.get("type") == "AverageValue":
        return {"type": "AverageValue", "averageValue": wanted.get("averageValue")}
    return _utilization(wanted.get("averageUtilization") or _DEFAULT_UTILIZATION)
