"""What is watched: the kinds that a reconcile reads, what of them, and what they are found by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway_operator.api import names
from slipway_operator.cluster.cache import trim
from slipway_operator.cluster.gateway import ENVOY_LABEL, STANDARD_LABEL
from slipway_operator.cluster.kinds import (
    CLUSTER_ROLLOUT_POLICY,
    CLUSTER_SERVING_RUNTIME,
    CONTROLLER_REVISION,
    DEPLOYMENT,
    GATEWAY,
    GRPC_ROUTE,
    HTTP_ROUTE,
    INFERENCE_SERVICE,
    MODEL_DEPLOYMENT,
    POD,
    ROLLOUT_POLICY,
    SERVICE,
    SERVING_RUNTIME,
    TRAFFIC_POLICY,
    Kind,
)

Json = dict[str, Any]

OURS = {names.LABEL_DEPLOYMENT: True}
GATEWAYS = dict.fromkeys((STANDARD_LABEL, ENVOY_LABEL), False)


@dataclass(frozen=True)
class Watched:
    """One kind."""

    kind: Kind
    trim: Callable[[Json], Json] = trim.plain
    only_ours: bool = False
    """Only what carries our label: then what is not here may still be there under the same name."""
    by: Mapping[str, bool] = field(default_factory=lambda: OURS)
    """The labels to find objects by, and whether within one namespace."""
    optional: bool = False
    """Only asked for by some: a cluster without it, or without it any more, is as good for all others."""


# Routes and Services are followed whoever made them: whether a name is free is decided by them.
WATCHED = (
    Watched(MODEL_DEPLOYMENT, by={}),
    Watched(ROLLOUT_POLICY, by={}),
    Watched(CLUSTER_ROLLOUT_POLICY, by={}),
    Watched(INFERENCE_SERVICE, only_ours=True),
    Watched(SERVING_RUNTIME),
    Watched(CLUSTER_SERVING_RUNTIME, by={}),
    Watched(CONTROLLER_REVISION, trim.record, only_ours=True),
    Watched(HTTP_ROUTE, trim.route),
    Watched(GRPC_ROUTE, trim.route, optional=True),
    Watched(TRAFFIC_POLICY, optional=True),
    Watched(GATEWAY, trim.statusless, by={}),
    Watched(SERVICE, trim.statusless, by={**OURS, **GATEWAYS}),
    Watched(DEPLOYMENT, trim.deployment, only_ours=True),
    Watched(POD, trim.pod, only_ours=True),
)
