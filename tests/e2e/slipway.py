"""What the end-to-end tests share: one namespace with models, a ModelDeployment, and looking at it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from slipway_demo.models import Models
from slipway_demo.target import Target
from slipway_demo.traffic import Client

NAME = "breast-cancer"
QUICK = [{"weight": 10, "hold": "5s"}, {"weight": 50, "hold": "5s"}]


@dataclass
class Place:
    """A namespace of a test's own."""

    target: Target
    namespace: str
    models: Models

    def body(self, version: str, *, name: str = NAME, steps=None, **over: Any) -> dict[str, Any]:
        """A ModelDeployment; ``over`` replaces blocks of its spec, ``model`` is merged."""
        model = {
            "uri": f"pvc://models/v{version}",
            "version": version,
            "digest": self.models.digest(version),
            "name": NAME,
            **over.pop("model", {}),
        }
        rollout = {
            "steps": steps or QUICK,
            "progressDeadline": "60s",
            "keepStable": {"for": "5s"},
            # Most tests send little traffic or none: what evidence there is decides, and its want does not.
            "analysis": {"interval": "2s", "onInconclusive": "Promote"},
            **over.pop("rollout", {}),
        }
        return {
            "apiVersion": "slipway.dev/v1alpha1",
            "kind": "ModelDeployment",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {"model": model, "rollout": rollout, **over},
        }

    def apply(self, version: str, **over: Any) -> None:
        self.target.apply(self.body(version, **over))

    def kubectl(self, *arguments: str, **options: Any) -> str:
        return self.target.run("-n", self.namespace, *arguments, **options)

    def status(self, name: str = NAME) -> dict[str, Any]:
        """The status, if it is about the present spec."""
        found = self.target.get("modeldeployment", name, "-n", self.namespace)
        if not found:
            return {}
        status: dict[str, Any] = found.get("status", {})
        return status if status.get("observedGeneration") == found["metadata"]["generation"] else {}

    def until(
        self, done: Callable[[dict[str, Any]], Any], seconds: float = 90, name: str = NAME, every: float = 0.4
    ) -> dict[str, Any]:
        """Look until ``done``; fails with the last message."""
        deadline = time.monotonic() + seconds
        while True:
            status = self.status(name)
            if status and done(status):
                return status
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"not within {seconds} s; last seen: {status.get('phase')}: {status.get('message')}"
                )
            time.sleep(every)

    def serve(self, version: str = "1", **over: Any) -> dict[str, Any]:
        """Bring a first version up."""
        self.apply(version, **over)
        return self.until(lambda s: s["phase"] == "Healthy")

    def pods(self, selector: str = "slipway.dev/deployment") -> dict[str, str]:
        """Names and UIDs of the pods that are there and not on their way out."""
        found = self.target.get("pods", "-n", self.namespace, "-l", selector) or {"items": []}
        return {
            pod["metadata"]["name"]: pod["metadata"]["uid"]
            for pod in found["items"]
            if "deletionTimestamp" not in pod["metadata"]
        }

    def events(self) -> list[str]:
        """Reasons of the events about ModelDeployments here, oldest first."""
        found = self.target.get("events", "-n", self.namespace) or {"items": []}
        ours = [event for event in found["items"] if event["involvedObject"]["kind"] == "ModelDeployment"]
        return [
            event["reason"]
            for event in sorted(ours, key=lambda event: event["metadata"]["creationTimestamp"])
        ]

    def client(self, rate: float = 50.0, name: str = NAME) -> Client:
        """A client of the route."""
        host = urlsplit(self.status(name)["url"]).hostname
        return Client(self.target.url, str(host), NAME, self.models.rows, rate)


def condition(status: dict[str, Any], kind: str) -> tuple[str, str, str]:
    """Status, reason and message of a condition."""
    (found,) = [part for part in status["conditions"] if part["type"] == kind]
    return found["status"], found["reason"], found["message"]
