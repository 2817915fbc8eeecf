"""The status of an InferenceService, worked out from its Deployment, pods and routes.

A draft starts from the status the cluster holds and is changed step by step in KServe's order, because the
order decides what a watcher sees: Ready shows whichever trouble was touched last, and a model counts as Loaded
only where Ready was True *before* the routes are looked at (one pass later than one would expect).

A container that crashes is not reported, however often it restarts: KServe looks at pods only when something
else changes, and the recordings show nothing but MinimumReplicasUnavailable.
"""

import copy
from collections.abc import Iterable

from slipway_standin import names
from slipway_standin.conditions import INGRESS, PREDICTOR, READY, STOPPED, TRANSFORMER, Conditions
from slipway_standin.objects import Obj

_CONDITIONS = {names.PREDICTOR: PREDICTOR, names.TRANSFORMER: TRANSFORMER}


class Draft:
    """A status being written; ``now`` is the time for what changes (RFC 3339, UTC)."""

    def __init__(self, status: Obj | None, now: str) -> None:
        self._now = now
        self._rest = copy.deepcopy(status or {})
        self.conditions = Conditions(self._rest.pop("conditions", []), now)
        self.conditions.initialise()

    def finish(self, mode: str) -> Obj:
        """The status to write."""
        status = {"modelStatus": {"transitionStatus": ""}, **self._rest, "deploymentMode": mode}
        return {**status, "conditions": self.conditions.entries()}

    @property
    def ready(self) -> bool:
        """Whether Ready is True."""
        return self.conditions.status(READY) == "True"

    @property
    def predictor_ready(self) -> bool:
        """Whether PredictorReady is True: routes are made and kept only then."""
        return self.conditions.status(PREDICTOR) == "True"

    def runtime(self, name: str, *, cluster: bool) -> None:
        """Which runtime serves."""
        chosen, other = "servingRuntimeName", "clusterServingRuntimeName"
        if cluster:
            chosen, other = other, chosen
        self._rest[chosen] = name
        self._rest.pop(other, None)

    def invalid(self, reason: str, message: str) -> None:
        """The spec cannot be served: no runtime, or one that does not fit."""
        model = self._model()
        model["transitionStatus"] = "InvalidSpec"
        model.setdefault("states", {"activeModelState": ""})["targetModelState"] = "FailedToLoad"
        model["lastFailureInfo"] = {"message": message, "reason": reason}

    def failed(self, message: str, component: str = names.PREDICTOR) -> None:
        """The API server refused what was to be made."""
        self._rest.setdefault("components", {}).setdefault(component, {})
        self.conditions.set(_CONDITIONS[component], "False", "ReconcileFailed", message)

    def deployment(self, made: Obj, url: str, component: str = names.PREDICTOR) -> None:
        """The component's condition from its Deployment; its observedGeneration is taken over as the InferenceService's."""
        told = self._rest.setdefault("components", {}).setdefault(component, {})
        state, reason, message = _readiness(made.get("status") or {})
        if state == "True":
            told["url"] = url
        self.conditions.set(_CONDITIONS[component], state, reason, message)
        generation = (made.get("status") or {}).get("observedGeneration")
        if generation:
            self._rest["observedGeneration"] = generation
        else:
            self._rest.pop("observedGeneration", None)

    def pods(self, pods: list[Obj]) -> bool:
        """The model's state from the predictor's pods, youngest first.

        False asks for another look soon: an initializer that failed before is running again.
        """
        copies: Obj = {"failedCopies": 0}
        if serving := sum(_serves(pod) for pod in pods):
            copies["totalCopies"] = serving
        self._model()["copies"] = copies
        initializer = _initializer(pods[0]) if pods else {}
        state = initializer.get("state") or {}
        if "running" in state:
            if (initializer.get("lastState") or {}).get("terminated"):
                return False
            self._target("Loading", "InProgress")
        elif last_words := _failure(initializer):
            self._target("FailedToLoad", "BlockedByFailedLoad")
            self._model()["lastFailureInfo"] = last_words
        elif pods and self.ready:
            self._target("Loaded", "UpToDate")
            self._model()["states"]["activeModelState"] = "Loaded"
        else:
            self._target("Pending", "InProgress")
        return True

    def stop(self) -> None:
        """Everything is forgotten when the InferenceService is stopped, once."""
        if self.conditions.reason(PREDICTOR) == "Stopped" and self.conditions.status(PREDICTOR) == "False":
            return
        self._rest = {}
        self.conditions = Conditions([], self._now)
        self.conditions.set(PREDICTOR, "False", "Stopped")

    def stopped(self, *, stopped: bool) -> None:
        """The Stopped condition."""
        self.conditions.set(STOPPED, "True" if stopped else "False")

    def ingress_stopped(self) -> None:
        """The routes are gone because the InferenceService is stopped."""
        self.conditions.set(INGRESS, "False", "Stopped")

    def routes(self, routes: Iterable[tuple[str, Obj | None]]) -> bool:
        """IngressReady from the named routes (None for one that is not there); whether all are accepted."""
        for component, route in routes:
            trouble = _route_trouble(component, route)
            if trouble:
                self.conditions.set(INGRESS, "False", *trouble)
                return False
        self.conditions.set(INGRESS, "True")
        return True

    def private(self) -> None:
        """No routes are wanted, so nothing is missing."""
        self.conditions.set(INGRESS, "True")

    def exposed(self, url: str, address: str) -> None:
        """The public URL and the in-cluster address."""
        self._rest["url"] = url
        self._rest["address"] = {"url": address}

    def _model(self) -> Obj:
        model: Obj = self._rest.setdefault("modelStatus", {"transitionStatus": ""})
        return model

    def _target(self, state: str, transition: str) -> None:
        model = self._model()
        model["transitionStatus"] = transition
        model.setdefault("states", {"activeModelState": ""})["targetModelState"] = state


def same(one: Obj | None, other: Obj) -> bool:
    """Whether two statuses say the same; when they came to say it does not count."""
    return _timeless(one or {}) == _timeless(other)


def _timeless(status: Obj) -> Obj:
    conditions = [{**entry, "lastTransitionTime": ""} for entry in status.get("conditions") or []]
    return {**status, "conditions": conditions}


def _readiness(status: Obj) -> tuple[str, str, str]:
    """Status, reason and message of PredictorReady, from a Deployment's conditions."""
    found = {entry["type"]: entry for entry in status.get("conditions") or []}
    available, progressing = found.get("Available", {}), found.get("Progressing", {})
    verdict = ("False", "", "")
    if available.get("status") == "True":
        verdict = _told(available, "True")
    if progressing.get("status") == "False" and progressing.get("message"):
        verdict = _told(progressing, "False")
    elif progressing.get("reason") == "NewReplicaSetAvailable" and progressing["status"] == "True":
        verdict = _told(progressing, "True")
    elif progressing.get("status") == "True" and available.get("status") != "True":
        verdict = _told(progressing, "Unknown")
    if available.get("status") == "False":
        verdict = _told(available, "False")
    if (failure := found.get("ReplicaFailure", {})).get("status") == "True":
        verdict = _told(failure, "False")
    return verdict


def _told(entry: Obj, status: str) -> tuple[str, str, str]:
    return status, entry.get("reason", ""), entry.get("message", "")


def _serves(pod: Obj) -> bool:
    status = pod.get("status") or {}
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or [])
    return status.get("phase") == "Running" and ready


def _initializer(pod: Obj) -> Obj:
    statuses: list[Obj] = (pod.get("status") or {}).get("initContainerStatuses") or []
    return next((status for status in statuses if status["name"] == names.INITIALIZER), {})


def _failure(initializer: Obj) -> Obj | None:
    """What a failed storage initializer said last, as ``lastFailureInfo``."""
    state = initializer.get("state") or {}
    ended = state.get("terminated") or {}
    if ended.get("reason") != "Error":
        if (state.get("waiting") or {}).get("reason") != "CrashLoopBackOff":
            return None
        ended = (initializer.get("lastState") or {}).get("terminated") or {}
    return {
        "reason": "ModelLoadFailed",
        "message": ended.get("message", ""),
        "exitCode": ended.get("exitCode", 0),
    }


def _route_trouble(component: str, route: Obj | None) -> tuple[str, str] | None:
    if route is None:
        return f"{component} Deployment NotReady", f"{component} HTTPRoute not created"
    parents = (route.get("status") or {}).get("parents") or []
    if not parents:
        return "ParentStatusNotAvailable", f"{component} HttpRouteNotReady"
    for parent in parents:
        for entry in parent.get("conditions") or []:
            if entry["status"] == "False":
                return entry.get("reason", ""), f"{component} {entry.get('message', '')}"
    return None
