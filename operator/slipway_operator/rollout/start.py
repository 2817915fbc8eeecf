"""The start of a rollout: a revision becomes the canary."""

from slipway_operator.api.status import Canary, EffectiveRollout, Revision
from slipway_operator.rollout import capacity
from slipway_operator.rollout.turn import Turn

MOST_REVISIONS = 3
"""Stable, canary, and one that is kept warm or on its way out."""


def has_room(turn: Turn, revision: Revision) -> bool:
    """Room for one more revision; the one that is kept warm makes room for a new one, and the same one's old objects."""
    state = turn.state(revision)
    if state and state.deleting:
        return False
    # What somebody has taken away of those that have a role is made again.
    there = {*turn.seen.revisions, *(part.revision for part in turn.live())}
    if len(there) < MOST_REVISIONS or revision.revision in there:
        return True
    turn.update(previous=None)
    return False


def start(turn: Turn, revision: Revision, rollout: EffectiveRollout) -> None:
    """Make it the canary."""
    previous = turn.status.previous
    if previous:  # the canary's control group is stable, and stable's own trial has to wait
        previous = previous.model_copy(update={"weight": 0, "took_at": None})
    turn.update(
        canary=Canary(**revision.identity(), started_at=turn.now),
        # A revision that was kept warm may be asked for again: it is the canary then, and keeps its pods.
        previous=None if previous and previous.revision == revision.revision else previous,
        rollout=rollout,
        capacity=capacity.at_start(turn.state(turn.status.stable)),
        capacity_until=None,
        gates=None,
        step=None,
        evidence=None,
        analysis=None,
        verdict=None,
    )
