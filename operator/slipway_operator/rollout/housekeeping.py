"""Objects: make what is new, scale what lives, delete what is over, and keep on record how revisions were made."""

from datetime import timedelta

from slipway_operator.api import reasons
from slipway_operator.api.spec import PROMOTED
from slipway_operator.api.status import Revision
from slipway_operator.rollout import capacity, repair
from slipway_operator.rollout.actions import (
    CreateRevision,
    DeleteRevision,
    ForgetRevision,
    RecordRevision,
    ScaleRevision,
)
from slipway_operator.rollout.turn import Turn

DRAIN = timedelta(seconds=3)
"""From a backend's leaving the route to its deletion: requests in flight end first (3 s lost none)."""


def keep_up(turn: Turn) -> None:
    """Bring the objects in line with the status."""
    _create(turn)
    _scale(turn)
    _delete(turn)
    _record(turn)


def _create(turn: Turn) -> None:
    """Make what is on its way for the first time."""
    canary = turn.status.canary
    if canary is None or repair.has_existed(turn, canary) or canary.revision in turn.seen.revisions:
        return
    problem = turn.seen.refused or (None if turn.status.rollback else turn.seen.problem)
    if problem:
        turn.problem = turn.problem or problem
        if (
            turn.seen.refused and turn.status.stable is None
        ):  # it was made without asking first, and is not on its way
            turn.update(canary=None)
    elif turn.status.rollback:
        turn.actions.append(CreateRevision(canary.revision, recorded=True))
    else:
        turn.actions.append(CreateRevision(canary.revision))


def _scale(turn: Turn) -> None:
    for part in (turn.status.stable, turn.status.canary):
        state = turn.state(part)
        if part is None or state is None or state.deleting:
            continue
        wanted = capacity.bounds(turn, part)
        if dict(state.scale) != dict(wanted):
            turn.actions.append(ScaleRevision(part.revision, wanted))


def _delete(turn: Turn) -> None:
    status, route = turn.status, turn.seen.route
    kept = {part.revision for part in turn.live()}
    for name in turn.seen.leftovers:
        if name not in kept:
            turn.actions.append(DeleteRevision(name))
    if turn.seen.route_problem:
        return  # nobody knows what the route leads to
    over = [state for name, state in turn.seen.revisions.items() if name not in kept and not state.deleting]
    for state in over:
        if route and state.revision in route.revisions:
            continue  # `traffic` is taking it off the route
        drained = status.traffic.accepted_at + DRAIN if status.traffic else turn.now
        if route and not (turn.took and turn.now >= drained):
            turn.wake_at(drained)
            continue
        turn.actions.append(DeleteRevision(state.revision))
        turn.normal(
            reasons.REVISION_DELETED, f"Revision {state.revision} deleted: it has no traffic and no role"
        )


def _record(turn: Turn) -> None:
    """How those were made that live, that were promoted and may be asked for again, or that wait to be made again."""
    kept = {entry.revision for entry in turn.status.history or [] if entry.outcome in PROMOTED}
    if turn.status.rollback:
        kept.add(turn.status.rollback.revision)
    for part in turn.live():
        kept.add(part.revision)
        state = turn.state(part)
        whole = state is not None and state.runtime and not state.deleting and not state.edits
        if whole and part.revision not in turn.seen.recorded:
            turn.actions.append(RecordRevision(Revision(**part.identity())))
    turn.actions += [ForgetRevision(revision) for revision in sorted(set(turn.seen.recorded) - kept)]
