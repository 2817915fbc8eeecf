"""From a change in the cluster to the ModelDeployments that it concerns.

Each change only says *which* to look at; what to make of it is decided when they are looked at.
"""

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import ValidationError

from slipway_operator.api import names
from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.cluster.cache.cache import Cache
from slipway_operator.cluster.cache.store import State
from slipway_operator.cluster.claims import Claims, Key
from slipway_operator.cluster.gateway import ENVOY_LABEL, STANDARD_LABEL
from slipway_operator.cluster.hostnames import claimed_hostnames
from slipway_operator.cluster.kinds import (
    CLUSTER_ROLLOUT_POLICY,
    CLUSTER_SERVING_RUNTIME,
    GATEWAY,
    HTTP_ROUTE,
    MODEL_DEPLOYMENT,
    ROLLOUT_POLICY,
    SERVING_RUNTIME,
    Kind,
)
from slipway_operator.cluster.policies import PolicyUsers
from slipway_operator.settings import Settings

Json = dict[str, Any]


class Wiring:
    """The cache, the registers of host names and policies that are kept beside it, and who is told."""

    def __init__(self, settings: Settings, look_at: Callable[[Key], None]) -> None:
        self._settings = settings
        self._look_at = look_at
        self.claims = Claims()
        self._policies = PolicyUsers()
        self.cache = Cache(self._changed)

    def all(self) -> list[Key]:
        """All ModelDeployments."""
        return [_key(body) for body in self._deployments()]

    def _changed(self, kind: Kind, body: Json, there: bool) -> None:
        if kind is MODEL_DEPLOYMENT:
            self._register(body, there)
        for key in self._concerned(kind, body):
            self._look_at(key)

    def _register(self, body: Json, there: bool) -> None:
        """Keep the registers, and tell those who wait for one that is free now."""
        key = _key(body)
        rivals = self.claims.rivals(key)
        if there:
            self._claim(key, body)
        else:
            self.claims.forget(key)
            self._policies.forget(key)
        for rival in rivals | self.claims.rivals(key):
            self._look_at(rival)

    def _claim(self, key: Key, body: Json) -> None:
        try:
            spec = ModelDeploymentSpec.model_validate(body["spec"])
        except ValidationError:
            return  # told about when it is reconciled
        self._policies.note(key, spec)
        self.claims.note(key, body, claimed_hostnames(self._settings, key[1], key[0], spec.traffic))

    def _concerned(self, kind: Kind, body: Json) -> Iterable[Key]:
        namespace, name = _key(body)
        labels = body["metadata"].get("labels") or {}
        if kind is MODEL_DEPLOYMENT:
            return [(namespace, name)]
        if kind in (ROLLOUT_POLICY, CLUSTER_ROLLOUT_POLICY):
            return self._policies.of((namespace or None, name))
        if names.LABEL_DEPLOYMENT in labels:
            return [(namespace, labels[names.LABEL_DEPLOYMENT])]
        if kind in (SERVING_RUNTIME, CLUSTER_SERVING_RUNTIME):
            return self._users_of(namespace, name)
        if kind is GATEWAY or STANDARD_LABEL in labels or ENVOY_LABEL in labels:
            return [_key(deployment) for deployment in self._deployments()]
        # A route or a Service that has the name of a ModelDeployment stands in its way, or did.
        return [(namespace, name), *(self._led_by(namespace, name) if kind is HTTP_ROUTE else [])]

    def _led_by(self, namespace: str, route: str) -> Iterable[Key]:
        """Whose spec names this route of the user's."""
        for body in self._deployments():
            key, traffic = _key(body), body["spec"].get("traffic") or {}
            if namespace == key[0] and (traffic.get("routeRef") or {}).get("name") == route:
                yield key

    def _users_of(self, namespace: str, runtime: str) -> Iterable[Key]:
        """Whose spec names this (Cluster)ServingRuntime, which in a namespace may stand before the cluster's."""
        for body in self._deployments():
            key = _key(body)
            if namespace in ("", key[0]) and body["spec"].get("model", {}).get("runtime") == runtime:
                yield key

    def _deployments(self) -> Iterable[Json]:
        store = self.cache.store(MODEL_DEPLOYMENT)
        return list(store.all()) if store and store.state is not State.UNLISTED else []


def _key(body: Json) -> Key:
    metadata = body["metadata"]
    return metadata.get("namespace", ""), metadata["name"]
