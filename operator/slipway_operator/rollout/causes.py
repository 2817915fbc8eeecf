"""Why a canary goes back, apart from the verdict on its answers: it cannot serve, loses its pods, or takes too long."""

from datetime import datetime, timedelta

from slipway_operator.api import reasons
from slipway_operator.api.duration import format_duration, parse_duration
from slipway_operator.api.spec import Approval
from slipway_operator.api.status import Canary, EffectiveRollout, Failing, StepState
from slipway_operator.rollout import capacity, diagnosis, holding
from slipway_operator.rollout.analysis import judge as analysis
from slipway_operator.rollout.observation import Problem, RevisionState
from slipway_operator.rollout.turn import Turn

UNREADY_GRACE = timedelta(seconds=20)
"""How long a canary that has been ready may be short of pods; without any it fails at once."""


def note_failing(turn: Turn, state: RevisionState) -> None:
    """Remember since when the canary's pods cannot serve, and say so as soon as it is seen."""
    canary, failure = turn.status.canary, diagnosis.failure_of(state)
    if canary is None:
        return
    if failure is None:
        turn.update_canary(failing=None)
        return
    known = canary.failing
    since = known.since if known and known.reason == failure.reason else turn.now
    if known is None or known.reason != failure.reason:
        turn.warning(failure.reason, f"Version {canary.version}: {failure.message}")
    turn.update_canary(failing=Failing(reason=failure.reason, message=failure.message, since=since))
    turn.wake_at(since + failure.grace)


def failed_for_good(turn: Turn) -> Problem | None:
    """The cause, once it has lasted longer than its grace."""
    canary = turn.status.canary
    state = turn.state(canary)
    failure = diagnosis.failure_of(state) if state else None
    if canary and state and failure and _only_lacks_room(canary, state, failure):
        return None  # the weight waits for more pods, until the rollout's deadline
    if canary and failure and canary.failing and turn.now >= canary.failing.since + failure.grace:
        return Problem(failure.reason, failure.message)
    return None


def _only_lacks_room(canary: Canary, state: RevisionState, failure: Problem) -> bool:
    """Whether it has all the pods that it became ready with, and just gets no more."""
    return (
        canary.ready_at is not None
        and state.ready_pods >= canary.ready_pods
        and failure.reason in (reasons.UNSCHEDULABLE, reasons.POD_CREATION_FAILED)
    )


def deadline_passed(turn: Turn) -> Problem | None:
    """Not ready within the progress deadline."""
    canary, rollout = turn.status.canary, turn.status.rollout
    if canary is None or rollout is None:
        return None
    limit = timedelta(seconds=rollout.progress_deadline_seconds)
    deadline: datetime = canary.started_at + limit
    if turn.now < deadline:
        turn.wake_at(deadline)
        return None
    known = f": {canary.failing.message}" if canary.failing else ""
    return Problem(reasons.PROGRESS_DEADLINE, f"not ready within {format_duration(limit)}{known}")


def restarted(turn: Turn, state: RevisionState) -> Problem | None:
    """Containers were restarted since it has traffic."""
    canary = turn.status.canary
    return restarts_since(canary.restarts, state) if canary else None


def restarts_since(known: int, state: RevisionState) -> Problem | None:
    """More restarts than these."""
    more = state.restarts - known
    if more <= 0:
        return None
    words = next((pod.last_words for pod in state.pods if pod.restarts and pod.last_words), None)
    times = "once" if more == 1 else f"{more} times"
    return Problem(
        reasons.CANARY_RESTARTED, f"restarted {times} while under traffic{f': {words}' if words else ''}"
    )


def unready(turn: Turn, state: RevisionState) -> Problem | None:
    """A canary that has lost pods: without any it fails at once, short of some after a grace."""
    canary = turn.status.canary
    enough = canary is not None and state.ready_pods >= min(canary.ready_pods, state.replicas)
    if canary is None or (enough and state.answering):
        turn.update_canary(unready_since=None)
        return None
    since = canary.unready_since or turn.now
    turn.update_canary(unready_since=since)
    if state.answering and turn.now < since + UNREADY_GRACE:
        turn.wake_at(since + UNREADY_GRACE)
        return None
    return Problem(
        reasons.CANARY_UNREADY,
        f"only {state.ready_pods} of {state.replicas} pods are ready, after all of them were",
    )


def _unapproved(turn: Turn, approval: Approval, step: StepState) -> Problem | None:
    """Waiting for people has a limit of its own, if any."""
    if approval.timeout is None or step.took_at is None:
        return None
    until = step.took_at + parse_duration(approval.timeout)
    if turn.now < until:
        turn.wake_at(until)
        return None
    return Problem(reasons.APPROVAL_TIMEOUT, f"nobody approved within {approval.timeout}")


def too_late(turn: Turn, rollout: EffectiveRollout) -> Problem | None:
    """The whole rollout has taken too long; a canary that has everything already is let through."""
    canary, step = turn.status.canary, turn.status.step
    if canary is None or step is None or step.index == step.count or turn.status.paused:
        return None
    approval = holding.approval(rollout, step)
    if approval:
        return _unapproved(turn, approval, step)
    limit = timedelta(seconds=rollout.deadline_seconds)
    deadline: datetime = canary.started_at + limit + timedelta(seconds=canary.waited_seconds)
    if turn.now < deadline:
        turn.wake_at(deadline)
        return None
    question = capacity.missing(turn) or analysis.open_question(turn) or "its steps take longer"
    return Problem(reasons.DEADLINE, f"not promoted within {format_duration(limit)}: {question}")
