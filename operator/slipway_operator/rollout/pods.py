"""Which pods answer, and where. Input is Pod objects as JSON."""

from collections.abc import Iterable
from typing import Any

from slipway_operator.api import names
from slipway_operator.rollout.diagnosis import pod_state

Json = dict[str, Any]


def answering(pods: Iterable[Json]) -> list[Json]:
    """Those that are ready and have an address: the others get no requests."""
    return [pod for pod in pods if pod.get("status", {}).get("podIP") and pod_state(pod).ready]


def predictors(pods: Iterable[Json]) -> list[Json]:
    """Those of them that hold a model; a transformer's know nothing of the bundle, and count nothing of the model's."""
    return of_component(pods, names.PREDICTOR)


def of_component(pods: Iterable[Json], component: str) -> list[Json]:
    """Those of them that are of a component."""
    return [pod for pod in answering(pods) if pod_state(pod).component == component]


def host_of(pod: Json) -> str:
    """The pod's address as a URL has it."""
    return url_host(pod["status"]["podIP"])


def url_host(address: str) -> str:
    """An IP address as a URL has it: version 6 in brackets."""
    return f"[{address}]" if ":" in address else address
