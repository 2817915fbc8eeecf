"""The Deployment of a component."""

from slipway_standin import names
from slipway_standin.objects import Obj, owner_reference

_ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}


def deployment(isvc: Obj, meta: Obj, spec: Obj, component: str = names.PREDICTOR) -> Obj:
    """The Deployment from the shared metadata and the pod spec.

    ``replicas`` is written only where nothing scales (autoscaler class ``none``): elsewhere it is the
    autoscaler's.
    """
    part = isvc["spec"][component]
    wanted: Obj = {
        "selector": {"matchLabels": {"app": meta["labels"]["app"]}},
        "strategy": part.get("deploymentStrategy") or _ROLLING,
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
        "template": {"metadata": meta, "spec": spec},
    }
    if part.get("minReplicas") is not None and unscaled(meta):
        wanted["replicas"] = part["minReplicas"]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {**meta, "ownerReferences": [owner_reference(isvc)]},
        "spec": wanted,
    }


def unscaled(meta: Obj) -> bool:
    """Whether nothing but the InferenceService itself sets the number of replicas."""
    return bool(meta["annotations"].get(names.AUTOSCALER_CLASS) == "none")
