"""The revision that served before and is kept warm: going back to it is one change of the route.

By command, or by itself: a promoted revision whose pods restart or vanish, or that a late verdict convicts, while the
old one is still there, goes back. What a person has rolled back comes back by command alone, whatever becomes of the
revision that took over from it.
"""

from slipway_operator.api import reasons
from slipway_operator.api.status import Stable
from slipway_operator.rollout import capacity, causes, late
from slipway_operator.rollout.observation import Problem, RevisionState
from slipway_operator.rollout.turn import Turn


def watch(turn: Turn) -> None:
    """Go back if what was promoted cannot serve; let the old one go when its time is over."""
    previous, stable = turn.status.previous, turn.status.stable
    if previous is None or stable is None:
        return
    if turn.now >= previous.keep_until:
        turn.update(previous=None, evidence=turn.status.evidence if turn.status.canary else None)
        return
    turn.wake_at(previous.keep_until)
    state, old = turn.state(stable), turn.state(previous)
    if turn.status.canary or previous.rejected or state is None or old is None or not old.answering:
        return
    if cause := _cannot_serve(stable, state) or late.verdict(turn):
        go_back(turn, stable, cause.reason, f"{cause.message} after its promotion")


def _cannot_serve(stable: Stable, state: RevisionState) -> Problem | None:
    if not state.answering:
        which = f"pods of its {state.silent}" if state.ready_pods else "its pods"
        return Problem(reasons.CANARY_UNREADY, f"none of {which} is ready")
    # An older operator has not noted them.
    return None if stable.restarts is None else causes.restarts_since(stable.restarts, state)


def go_back(turn: Turn, stable: Stable, reason: str, why: str) -> None:
    """Make the old revision the stable one again; the other is not tried again until the spec changes."""
    previous, failed = turn.status.previous, turn.status.failed
    if previous is None:
        return
    message = f"{why}: back to version {previous.version}"
    turn.update(
        stable=Stable(**previous.identity(), promoted_at=turn.now),
        previous=None,
        evidence=None,
        capacity=capacity.at_start(turn.state(previous)),
        capacity_until=None,
    )
    if (
        failed is None or failed.revision != turn.wanted.revision
    ):  # else what the spec asks for has failed already
        turn.fail(stable, reason, message)
    turn.enter(stable, stable.promoted_at, "RolledBack", reason, message)
    turn.warning(reasons.ROLLED_BACK, f"Version {stable.version} rolled back: {reason}: {message}")
