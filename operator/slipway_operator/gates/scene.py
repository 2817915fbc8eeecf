"""What a gate may look at: two revisions, where their pods answer the operator, and the canary's own Service."""

from dataclasses import dataclass, field
from typing import Any

from slipway_operator.api.gates import ShadowReport
from slipway_operator.api.status import Revision
from slipway_operator.rollout.observation import GateVerdict

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What a gate says, as one sentence."""

    verdict: GateVerdict
    message: str
    code: int | None = None
    """A webhook's HTTP status."""
    report: ShadowReport | None = None


@dataclass(frozen=True)
class Side:
    """One revision."""

    revision: Revision
    runtime: str
    """The (Cluster)ServingRuntime it was made from, for messages: Kind/name."""
    admin: tuple[str, ...] | None = None
    """The admin URL of each ready pod; None where the runtime has no admin port."""


@dataclass(frozen=True)
class Scene:
    """Everything a gate may look at."""

    namespace: str
    name: str
    model: str
    """The name in /v2/models/{name}."""
    canary: Side
    stable: Side | None = None
    entries: tuple[str, ...] = ()
    """The URLs of its predictor's Service, or of the pods behind it where it has no address."""
    fronts: tuple[str, ...] = ()
    """Likewise of its transformer's, if it has one."""
    passed: list[Json] = field(default_factory=list)
    """The gates before this one, for webhooks."""

    @property
    def infer(self) -> tuple[str, ...]:
        """Where the canary's predictor answers inference requests."""
        return self._infer(self.entries)

    @property
    def infer_front(self) -> tuple[str, ...]:
        """Where its transformer does; empty where there is none."""
        return self._infer(self.fronts)

    def _infer(self, entries: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(f"{entry}/v2/models/{self.model}/infer" for entry in entries)


def foreign(side: Side) -> Answer | None:
    """Skipped, where a revision runs on a runtime that tells the operator nothing."""
    if side.admin is not None:
        return None
    return Answer("Skipped", without_admin(side))


def without_admin(side: Side) -> str:
    """Why a revision cannot be asked."""
    return (
        f"version {side.revision.version} runs on {side.runtime}, which has no admin port"
        " (annotation slipway.dev/admin)"
    )
