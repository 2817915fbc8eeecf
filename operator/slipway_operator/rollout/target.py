"""Which revision to be on the way to: start a new one, supersede or abort the running one, or leave all as it is."""

from slipway_operator.api import reasons
from slipway_operator.rollout import rollback, start
from slipway_operator.rollout.effective import effective_rollout, strategy_of
from slipway_operator.rollout.observation import Problem
from slipway_operator.rollout.turn import Turn


def choose(turn: Turn) -> None:
    """Compare what the spec wants with what is stable, on its way, or has failed."""
    if rollback.is_under_way(turn):
        rollback.go_on(turn)
        return
    status, wanted = turn.status, turn.wanted
    if status.stable and status.stable.revision == wanted.revision:
        _return_to_stable(turn)
    elif status.canary and status.canary.revision == wanted.revision:
        return
    elif status.failed and status.failed.revision == wanted.revision:
        return  # sticky: only a new spec is a new try, or the command retry
    elif _is_compared(turn):
        return  # it has told what it had to tell
    elif turn.deployment.spec.suspend and status.stable:
        return
    else:
        _turn_to_new(turn)


def _is_compared(turn: Turn) -> bool:
    """Whether the wanted revision was compared already, and is not to do more than that."""
    compared = turn.status.compared
    if compared is None or compared.revision != turn.wanted.revision:
        return False
    return strategy_of(turn.deployment.spec.rollout, turn.seen.policy) == "Shadow"


def _return_to_stable(turn: Turn) -> None:
    canary = turn.status.canary
    if canary:
        message = f"the spec is back at version {turn.wanted.version}, which serves"
        turn.normal(reasons.ABORTED, f"Rollout of version {canary.version} aborted: {message}")
        turn.end_rollout(canary, "Aborted", reasons.ABORTED, message)
    turn.update(failed=None, compared=None)


def _turn_to_new(turn: Turn) -> None:
    canary = turn.status.canary
    if canary:
        message = f"version {turn.wanted.version} was asked for instead"
        turn.normal(reasons.SUPERSEDED, f"Rollout of version {canary.version} superseded: {message}")
        turn.end_rollout(canary, "Superseded", reasons.SUPERSEDED, message)
    turn.update(failed=None, compared=None)
    problem = turn.seen.policy_problem or turn.seen.problem or _unmirrored(turn)
    turn.waits_for_room = not problem and not start.has_room(turn, turn.wanted)
    if problem:
        turn.problem = problem
    elif not turn.waits_for_room:
        rollout = effective_rollout(turn.deployment.spec.rollout, turn.seen.policy)
        start.start(turn, turn.wanted.model_copy(update={"runtime_hash": turn.seen.runtime_hash}), rollout)
        if turn.status.stable:  # the first one is told of when it serves
            turn.normal(
                reasons.ROLLOUT_STARTED,
                f"Version {turn.wanted.version} starts as revision {turn.wanted.revision}",
            )


def _unmirrored(turn: Turn) -> Problem | None:
    """A comparison on live requests needs a copy of them, which not every route can make."""
    rollout = effective_rollout(turn.deployment.spec.rollout, turn.seen.policy)
    if "mirror" in turn.seen.features or all(gate.name != "shadow" for gate in rollout.gates):
        return None
    return Problem(
        reasons.ROUTE_UNFIT,
        "the gate shadow needs a copy of live requests, and Slipway makes one in a route of its own only: turn the gate"
        " off, or take spec.traffic.routeRef out",
    )
