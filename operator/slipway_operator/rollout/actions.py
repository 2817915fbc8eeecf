"""What a decision asks of the cluster. Each is safe to do twice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from slipway_operator.api.status import ModelDeploymentStatus, Revision
from slipway_operator.rollout.observation import Course


@dataclass(frozen=True)
class CreateRevision:
    """Make what is missing of a revision's InferenceService and ServingRuntime."""

    revision: str
    recorded: bool = False
    """As they were made before; else as the spec asks."""


@dataclass(frozen=True)
class RestoreRevision:
    """Put one of a revision's objects back to what it was made as."""

    revision: str
    kind: str


@dataclass(frozen=True)
class RecordRevision:
    """Put on record how a revision was made, so that it can be made again."""

    revision: Revision


@dataclass(frozen=True)
class ForgetRevision:
    """Take a revision off the record: nobody can ask for it any more."""

    revision: str


@dataclass(frozen=True)
class ScaleRevision:
    """Give a revision these scale bounds, in place."""

    revision: str
    bounds: Mapping[str, Any]
    """By component."""


@dataclass(frozen=True)
class DeleteRevision:
    """Delete a revision's objects; nothing routes to it any more."""

    revision: str


@dataclass(frozen=True)
class WriteRoute(Course):
    """Write the whole HTTPRoute, so that it leads there."""


@dataclass(frozen=True)
class DeleteRoute:
    """Take the HTTPRoute away: there is nothing to route to."""


@dataclass(frozen=True)
class WriteAddress:
    """Write the in-cluster address."""


Action = (
    CreateRevision
    | RestoreRevision
    | RecordRevision
    | ForgetRevision
    | ScaleRevision
    | DeleteRevision
    | WriteRoute
    | DeleteRoute
    | WriteAddress
)


@dataclass(frozen=True)
class Event:
    """A Kubernetes event to record."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


@dataclass(frozen=True)
class Decision:
    """The next status, what follows from it, and when to look again at the latest."""

    status: ModelDeploymentStatus
    actions: tuple[Action, ...]
    events: tuple[Event, ...]
    wake: datetime
