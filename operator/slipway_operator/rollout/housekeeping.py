"""Objects: create what is missing, scale what lives, delete what is over."""

from datetime import timedelta

from slipway_operator.api import reasons
from slipway_operator.rollout import capacity
from slipway_operator.rollout.actions import CreateRevision, DeleteRevision, ScaleRevision
from slipway_operator.rollout.turn import Turn

DRAIN = timedelta(seconds=3)
"""From a backend's leaving the route to its deletion: requests in flight end first (3 s lost none)."""


def keep_up(turn: Turn) -> None:
    """Bring the objects in line with the status."""
    _create(turn)
    _scale(turn)
    _delete(turn)


def _create(turn: Turn) -> None:
    """Only what the present spec describes can be made: a revision is never made from anything else."""
    status, wanted = turn.status, turn.wanted.revision
    live = {part.revision for part in (status.stable, status.canary) if part}
    if wanted in live and wanted not in turn.seen.revisions:
        if turn.seen.problem and not turn.problem:
            turn.problem = turn.seen.problem
        elif not turn.seen.problem:
            turn.actions.append(CreateRevision(wanted))


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
    kept = {part.revision for part in (status.stable, status.canary, status.previous) if part}
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
