"""One turn of the loop: what came in, and the status and actions as they take shape.

The modules of this package are steps over a ``Turn``, in the order that ``decide`` gives; the turn itself only
keeps the books.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from slipway_operator.api.gates import GateState
from slipway_operator.api.spec import ModelDeploymentSpec, Outcome
from slipway_operator.api.status import Canary, Failed, HistoryEntry, ModelDeploymentStatus, Revision
from slipway_operator.rollout.actions import Action, Decision, Event
from slipway_operator.rollout.effective import DEFAULT_HISTORY_LIMIT
from slipway_operator.rollout.observation import Observation, Problem, RevisionState

RESYNC = timedelta(minutes=10)
"""How long nothing may happen before the next look: watches bring what changes, this is for what nobody thought of."""
RETRY = timedelta(minutes=1)
"""Likewise while something stands in the way that no watch tells about: a volume claim, an admission webhook, a quota."""


@dataclass(frozen=True)
class Deployment:
    """The ModelDeployment under decision."""

    name: str
    generation: int
    spec: ModelDeploymentSpec
    status: ModelDeploymentStatus
    commands: Mapping[str, str] = field(default_factory=dict)
    """Verb → id, as the annotations have them."""


@dataclass
class Turn:
    """The books of one decision."""

    deployment: Deployment
    seen: Observation
    now: datetime
    wanted: Revision
    """The revision that the spec asks for."""
    status: ModelDeploymentStatus
    problem: Problem | None = None
    """Why the spec cannot be followed: becomes the condition Stalled."""
    waits_for_room: bool = False
    """The wanted revision starts once an older one is gone."""
    took: bool = False
    """The route as it stands has taken, and its settle time is over."""
    actions: list[Action] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    wake: datetime | None = None

    def update(self, **changes: Any) -> None:
        """Change fields of the status."""
        self.status = self.status.model_copy(update=changes)

    def update_canary(self, **changes: Any) -> None:
        """Change fields of the canary."""
        if self.status.canary:
            self.update(canary=self.status.canary.model_copy(update=changes))

    def wake_at(self, moment: datetime) -> None:
        """Look again at ``moment`` at the latest."""
        self.wake = moment if self.wake is None else min(self.wake, moment)

    def state(self, revision: Revision | None) -> RevisionState | None:
        """What is there of a revision; None if nothing is."""
        return self.seen.revisions.get(revision.revision) if revision else None

    def live(self) -> list[Revision]:
        """The revisions that have a role."""
        status = self.status
        return [part for part in (status.stable, status.canary, status.previous) if part]

    def normal(self, reason: str, message: str) -> None:
        """Record a normal event."""
        self.events.append(Event("Normal", reason, message))

    def warning(self, reason: str, message: str) -> None:
        """Record a warning event."""
        self.events.append(Event("Warning", reason, message))

    def end_rollout(
        self, canary: Canary, outcome: Outcome, reason: str | None = None, message: str | None = None
    ) -> None:
        """The canary is a canary no more: into history with it."""
        self.enter(canary, canary.started_at, outcome, reason, message)
        self.update(
            canary=None, rollback=None, step=None, evidence=None, paused=None, gates=self._settled_gates()
        )

    def _settled_gates(self) -> list[GateState] | None:
        """What came of the gates, for people; those that were not run to their end never will be."""
        ended = {
            "state": "Skipped",
            "message": "the rollout has ended",
            "finished_at": self.now,
            "retry_at": None,
        }
        states = self.status.gates or []
        return [part if part.finished_at else part.model_copy(update=ended) for part in states] or None

    def fail(self, revision: Revision, reason: str, message: str) -> None:
        """The revision is not tried again until the spec changes, or somebody says ``retry``."""
        failed = Failed(
            revision=revision.revision,
            version=revision.version,
            reason=reason,
            message=message,
            at=self.now,
        )
        self.update(failed=failed)

    def enter(
        self,
        revision: Revision,
        started_at: datetime,
        outcome: Outcome,
        reason: str | None,
        message: str | None,
    ) -> None:
        """Add to the history what ends now."""
        entry = HistoryEntry(
            revision=revision.revision,
            version=revision.version,
            outcome=outcome,
            started_at=started_at,
            ended_at=self.now,
            reason=reason,
            message=message,
        )
        limit = self.status.rollout.history_limit if self.status.rollout else DEFAULT_HISTORY_LIMIT
        self.update(history=[entry, *(self.status.history or [])][:limit] or None)

    def decision(self) -> Decision:
        """The books closed."""
        idle = self.now + (RETRY if self.problem else RESYNC)
        wake = idle if self.wake is None else max(self.wake, self.now)
        return Decision(self.status, tuple(self.actions), tuple(self.events), wake)
