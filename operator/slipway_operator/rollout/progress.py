"""The canary's way: its pods become ready, its gates are passed, its steps are held, it is promoted or rolled back."""

from datetime import timedelta

from slipway_operator.api import reasons
from slipway_operator.api.duration import format_duration
from slipway_operator.api.spec import Outcome
from slipway_operator.api.status import (
    Canary,
    Compared,
    EffectiveRollout,
    Previous,
    Stable,
    StepState,
)
from slipway_operator.rollout import causes, gates, holding, late, rollback, traffic
from slipway_operator.rollout.analysis import judge as analysis
from slipway_operator.rollout.observation import Problem, RevisionState
from slipway_operator.rollout.turn import Turn

NEXT_LOOK = holding.NEXT_LOOK


def advance(turn: Turn) -> None:
    """Move the canary on by what is seen of it."""
    canary, rollout = turn.status.canary, turn.status.rollout
    state = turn.state(canary)
    if canary is None or rollout is None:
        return
    if state is None:
        _await_being_made(turn)
        return
    turn.wake_at(turn.now + NEXT_LOOK)
    causes.note_failing(turn, state)
    analysis.judge(turn)
    _wake_for_check(turn)
    if turn.status.stable is None:
        _first(turn, canary, state)
    elif canary.ready_at is None:
        _await_ready(turn, canary, rollout, state)
    elif turn.status.step is None:
        _pass_gates(turn, rollout, state)
    else:
        _hold(turn, rollout, state)


def _await_being_made(turn: Turn) -> None:
    """What is not there yet has no evidence; but nobody waits for ever for what was asked for in a hurry."""
    cause = causes.deadline_passed(turn) if turn.status.rollback else None
    if cause:
        _roll_back(turn, cause)


def _wake_for_check(turn: Turn) -> None:
    moment = analysis.due_at(turn.status)
    if moment:
        turn.wake_at(max(moment, turn.now + analysis.SOONEST_LOOK))


def _first(turn: Turn, canary: Canary, state: RevisionState) -> None:
    """The very first revision: there is nothing to compare it with, and nothing to go back to."""
    if state.serving:
        if not traffic.has_taken(turn):
            return
        turn.update(stable=Stable(**canary.identity(), promoted_at=turn.now))
        turn.end_rollout(canary, "Promoted")
        turn.normal(reasons.PROMOTED, f"Version {canary.version} serves as the first revision")
        return
    cause = causes.failed_for_good(turn) or causes.deadline_passed(turn)
    if cause:
        # It stays: mending what is outside (storage, credentials, nodes) lets it come up without a new spec.
        turn.problem = cause


def _await_ready(turn: Turn, canary: Canary, rollout: EffectiveRollout, state: RevisionState) -> None:
    cause = causes.failed_for_good(turn) or (None if state.serving else causes.deadline_passed(turn))
    if cause:
        _roll_back(turn, cause)
    elif state.serving:
        turn.update_canary(
            ready_at=turn.now, ready_pods=state.ready_pods, restarts=state.restarts, failing=None
        )
        gates.begin(turn, rollout)
        turn.normal(reasons.CANARY_READY, f"Version {canary.version} is ready: {_next(rollout)} next")
        _pass_gates(turn, rollout, state)


def _next(rollout: EffectiveRollout) -> str:
    names = ", ".join(gate.name for gate in rollout.gates)
    return f"its gates ({names})" if names else f"{_first_weight(rollout)} % of requests"


def _first_weight(rollout: EffectiveRollout) -> int:
    return (rollout.steps[0].weight or 0) if rollout.steps else rollout.final_weight


def _pass_gates(turn: Turn, rollout: EffectiveRollout, state: RevisionState) -> None:
    """Before the first request: the gates; then the first step."""
    cause = (
        causes.failed_for_good(turn)
        or causes.restarted(turn, state)
        or causes.unready(turn, state)
        or gates.advance(turn, rollout)
    )
    if cause:
        _roll_back(turn, cause)
    elif gates.current(turn.status) is None and turn.status.canary:
        if rollout.strategy == "Shadow":
            _end_comparison(turn, turn.status.canary)
            return
        first = _first_weight(rollout)
        turn.update(step=StepState(index=0, count=len(rollout.steps), weight=first))
        if rollout.gates:
            version = turn.status.canary.version
            turn.normal(
                reasons.GATES_PASSED, f"Version {version}: {gates.tell(turn)}; {first} % of requests next"
            )


def _end_comparison(turn: Turn, canary: Canary) -> None:
    """It has passed its gates, and that is all that was asked for."""
    message = gates.report(turn) or gates.tell(turn)
    compared = Compared(revision=canary.revision, version=canary.version, message=message, at=turn.now)
    turn.update(compared=compared)
    turn.normal(reasons.COMPARED, f"Version {canary.version} was compared and is taken away: {message}")
    turn.end_rollout(canary, "Compared", reasons.COMPARED, message)


def _hold(turn: Turn, rollout: EffectiveRollout, state: RevisionState) -> None:
    """A step: judge the canary, and go on when the hold is over."""
    cause = (
        causes.failed_for_good(turn)
        or causes.restarted(turn, state)
        or causes.unready(turn, state)
        or analysis.failed(turn)
        or causes.too_late(turn, rollout)
    )
    if cause:
        _roll_back(turn, cause)
        return
    step = turn.status.step
    if step is None or turn.status.paused or not traffic.has_taken(turn):
        return
    if step.took_at is None:
        holding.begin(turn, rollout, step)
    elif state.serving and holding.is_over(turn, rollout, step):
        _leave(turn, rollout, step)
    elif step.hold_until:
        turn.wake_at(step.hold_until)


def _leave(turn: Turn, rollout: EffectiveRollout, step: StepState) -> None:
    """On to the next step. The last one that has a control group is left with a verdict only."""
    if step.weight == 100 or step.index == step.count:
        _promote(turn, rollout)
        return
    if step.took_at and holding.approval(rollout, step) and turn.status.canary:
        waited = (turn.now - step.took_at).total_seconds()
        turn.update_canary(waited_seconds=turn.status.canary.waited_seconds + waited)
    index = step.index + 1
    weight = (rollout.steps[index].weight or 0) if index < step.count else rollout.final_weight
    last = index == step.count or weight == 100
    question = analysis.open_question(turn) if last and not step.released else None
    if question is None:
        turn.update(step=StepState(index=index, count=step.count, weight=weight))
    elif rollout.analysis.on_inconclusive == "Rollback":
        _roll_back(turn, Problem(reasons.INCONCLUSIVE, f"no verdict when the steps were over: {question}"))


def _promote(turn: Turn, rollout: EffectiveRollout) -> None:
    canary, stable = turn.status.canary, turn.status.stable
    if canary is None or stable is None:
        return
    keep_until = turn.now + timedelta(seconds=rollout.keep_stable_seconds)
    kept = Previous(**stable.identity(), keep_until=keep_until, weight=rollout.keep_stable_weight)
    evidence, restarts = turn.status.evidence, _restarts(turn, canary)
    if turn.status.rollback:
        rollback.finish(turn, canary, stable, kept, restarts)
        return
    turn.update(
        stable=Stable(**canary.identity(), promoted_at=turn.now, restarts=restarts),
        previous=kept.model_copy(update={"trial": rollout.analysis}),
        failed=None,
    )
    turn.end_rollout(canary, "FastPromoted" if canary.full else "Promoted")
    if late.is_to_come(turn.status):
        turn.update(evidence=evidence)
    turn.normal(
        reasons.PROMOTED,
        f"Version {canary.version} promoted; version {stable.version} stays warm for"
        f" {format_duration(keep_until - turn.now)}"
        + (f" with {kept.weight} % of requests" if kept.weight else ""),
    )


def _restarts(turn: Turn, canary: Canary) -> int:
    state = turn.state(canary)
    return state.restarts if state else canary.restarts


def _roll_back(turn: Turn, cause: Problem) -> None:
    """Back to stable: the status says so now, ``traffic`` takes the weight away in the same turn."""
    canary = turn.status.canary
    if canary is None:
        return
    message = analysis.with_cost(turn, cause.message)
    if turn.status.rollback is None:  # else the spec asks for another one
        turn.fail(canary, cause.reason, message)
    turn.warning(reasons.ROLLED_BACK, f"Version {canary.version} rolled back: {cause.reason}: {message}")
    # One that was promoted before is not convicted: it may be asked for again.
    outcome: Outcome = "Aborted" if turn.status.rollback else "RolledBack"
    turn.end_rollout(canary, outcome, cause.reason, message)
