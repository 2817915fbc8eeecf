"""The HorizontalPodAutoscaler of a predictor, for the default autoscaler class (``hpa``)."""

from slipway_standin import names
from slipway_standin.objects import Obj, owner_reference

_DEFAULT_UTILIZATION = 80


def is_scaled(meta: Obj) -> bool:
    """Whether an HPA is wanted: no autoscaler class, or ``hpa``."""
    return bool(meta["annotations"].get(names.AUTOSCALER_CLASS, "hpa") == "hpa")


def autoscaler(isvc: Obj, meta: Obj) -> Obj:
    """The HPA over the predictor's Deployment; fewer than one replica is raised to one."""
    predictor = isvc["spec"]["predictor"]
    minimum = max(predictor.get("minReplicas") or 1, 1)
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {**meta, "ownerReferences": [owner_reference(isvc)]},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": meta["name"]},
            "minReplicas": minimum,
            "maxReplicas": max(predictor.get("maxReplicas") or 0, minimum),
            "metrics": _metrics(predictor),
            "behavior": {},
        },
    }


def _metrics(predictor: Obj) -> list[Obj]:
    scaling = predictor.get("autoScaling")
    if scaling:
        named = [metric["resource"] for metric in scaling.get("metrics") or [] if metric.get("resource")]
        return [_metric(resource["name"], _target(resource)) for resource in named]
    resource = predictor.get("scaleMetric") or "cpu"
    target = predictor.get("scaleTarget") or (_DEFAULT_UTILIZATION if resource == "cpu" else None)
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
