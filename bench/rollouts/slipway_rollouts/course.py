"""What is done to one ModelDeployment, again and again: every way forward and every way back."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from slipway_demo.models import Models
from slipway_demo.target import Target
from slipway_rollouts.watching import Latest

NAME = "breast-cancer"
STEPS = [{"weight": 10, "hold": "3s"}, {"weight": 50, "hold": "3s"}]
PATIENCE = 120.0

Status = dict[str, Any]


@dataclass
class Course:
    """One ModelDeployment in a namespace."""

    target: Target
    namespace: str
    models: Models
    latest: Latest

    def __post_init__(self) -> None:
        self._ids = count(int(time.time()))
        self.starts: list[float] = []
        """When a version was asked for that did not serve, so that its pods started (perf_counter)."""

    def apply(self, version: str, **rollout: Any) -> None:
        """Ask for a version."""
        if version != self.latest.body.get("status", {}).get("stable", {}).get("version"):
            self.starts.append(time.perf_counter())
        model = {
            "uri": f"pvc://models/v{version}",
            "version": version,
            "digest": self.models.digest(version),
            "name": NAME,
        }
        analysis = {"interval": "2s", "onInconclusive": "Promote"}
        self.target.apply(
            {
                "apiVersion": "slipway.dev/v1alpha1",
                "kind": "ModelDeployment",
                "metadata": {"name": NAME, "namespace": self.namespace},
                "spec": {
                    "model": model,
                    "rollout": {"keepStable": {"for": "2m"}, "analysis": analysis, **rollout},
                },
            }
        )

    def say(self, verb: str) -> None:
        """Give a command."""
        command = f"slipway.dev/{verb}={next(self._ids)}"
        self.target.run("-n", self.namespace, "annotate", "md", NAME, command, "--overwrite")

    def until(self, done: Callable[[Status], Any]) -> Status:
        """Wait until ``done`` holds of the status of the present spec."""

        def of_the_present(body: dict[str, Any]) -> bool:
            status = body.get("status", {})
            current = status.get("observedGeneration") == body["metadata"]["generation"]
            return current and bool(done(status))

        status: Status = self.latest.until(of_the_present, PATIENCE)["status"]
        return status

    def settled(self, version: str) -> Status:
        """Wait until a version serves alone."""
        return self.until(lambda s: s.get("phase") == "Healthy" and s["stable"]["version"] == version)

    def at_step(self) -> Status:
        """Wait until the canary has requests."""
        return self.until(lambda s: (s.get("weight") or 0) >= 10 and s.get("canary"))

    def rounds(self, number: int) -> Iterator[str]:
        """Do so many things, each from one version to the other or back; gives the name of each when it is done."""
        ways = (self._promote, self._abort, self._blue_green, self._go_back, self._return, self._direct)
        stable = "1"
        for index in range(number):
            way = ways[index % len(ways)]
            stable = way(stable)
            yield way.__name__.strip("_").replace("_", " ")

    def _promote(self, stable: str) -> str:
        other = _other(stable)
        self.apply(other, steps=STEPS)
        self.settled(other)
        return other

    def _abort(self, stable: str) -> str:
        self.apply(_other(stable), steps=[{"weight": 50, "hold": "60s"}])
        self.at_step()
        self.say("abort")
        self.until(lambda s: s["phase"] == "RolledBack")
        self.apply(stable, steps=STEPS)
        self.settled(stable)
        return stable

    def _blue_green(self, stable: str) -> str:
        other = _other(stable)
        self.apply(other, strategy="BlueGreen")
        self.settled(other)
        return other

    def _go_back(self, stable: str) -> str:
        """By the command rollback, to the revision that is kept warm."""
        other = _other(stable)
        self.say("rollback")
        self.until(lambda s: s["phase"] == "RolledBack" and s["stable"]["version"] == other)
        self.apply(other, steps=STEPS)
        self.settled(other)
        return other

    def _return(self, stable: str) -> str:
        """The spec goes back to stable's in mid-rollout, as a reverted commit does."""
        self.apply(_other(stable), steps=[{"weight": 10, "hold": "60s"}])
        self.at_step()
        self.apply(stable, steps=STEPS)
        self.settled(stable)
        return stable

    def _direct(self, stable: str) -> str:
        other = _other(stable)
        self.apply(other, strategy="Direct")
        self.settled(other)
        return other


def _other(version: str) -> str:
    return "2" if version == "1" else "1"
