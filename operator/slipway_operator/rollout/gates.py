"""Gates: one at a time, before the canary's first request. What runs is in status; the shell runs it and brings the
outcome.

    Pending -> Running -> Passed, Skipped or Failed
                 ^ v
                Error    tried again with growing pauses, until the gate's time or its retries are used up

An attempt has a ticket. An operator that finds a gate running, and no task of its own for that ticket, begins the
attempt again; an outcome that comes too late fits no ticket any more.
"""

from datetime import datetime, timedelta

from slipway_operator.api import reasons
from slipway_operator.api.duration import format_duration
from slipway_operator.api.gates import EffectiveGate, GateAnswer, GateState
from slipway_operator.api.model import format_time
from slipway_operator.api.status import EffectiveRollout, ModelDeploymentStatus
from slipway_operator.rollout.effective import LONGEST_BACKOFF
from slipway_operator.rollout.observation import GateOutcome, GateTicket, Problem
from slipway_operator.rollout.turn import Turn

OVER = ("Passed", "Skipped")


def begin(turn: Turn, rollout: EffectiveRollout) -> None:
    """Put the gates of this rollout into status, all of them pending."""
    turn.update(gates=[GateState(name=gate.name) for gate in rollout.gates] or None)


def running(status: ModelDeploymentStatus) -> tuple[EffectiveGate, GateTicket] | None:
    """The gate that is to be run now, and the ticket of the attempt."""
    canary, rollout, found = status.canary, status.rollout, current(status)
    if canary is None or rollout is None or found is None or found[1].state != "Running":
        return None
    number, state = found
    return rollout.gates[number - 1], GateTicket(
        canary.revision, format_time(canary.started_at), state.name, state.attempts
    )


def begun(status: ModelDeploymentStatus) -> EffectiveGate | None:
    """The gate that has begun and is not over, whether it runs just now or is about to be tried again."""
    rollout, found = status.rollout, current(status)
    if rollout is None or found is None or found[1].state not in ("Running", "Error"):
        return None
    return rollout.gates[found[0] - 1]


def current(status: ModelDeploymentStatus) -> tuple[int, GateState] | None:
    """The gate that is not over yet, with its number from 1; None when all are, and without a canary."""
    states = status.gates or [] if status.canary else []
    return next((part for part in enumerate(states, start=1) if part[1].state not in OVER), None)


def advance(turn: Turn, rollout: EffectiveRollout) -> Problem | None:
    """Take in what came of the running gate, and begin the next one; returns why the canary goes back, if it does."""
    asked = running(turn.status)
    outcome = turn.seen.gate
    if asked and outcome and outcome.ticket == asked[1]:
        problem = _take_in(turn, asked[0], outcome)
        if problem:
            return problem
    found = current(turn.status)
    if found is None:
        return None
    number, state = found
    return _go_on(turn, rollout.gates[number - 1], state)


def tell(turn: Turn) -> str:
    """What came of all gates, in one sentence."""
    states = turn.status.gates or []
    names = ", ".join(state.name for state in states if state.state == "Passed") or "none"
    skipped = "; ".join(
        f"{state.name} skipped: {state.message}" for state in states if state.state == "Skipped"
    )
    return f"gates passed: {names}" + (f"; {skipped}" if skipped else "")


def report(turn: Turn) -> str | None:
    """What the gate ``shadow`` has found."""
    return next((state.message for state in turn.status.gates or [] if state.report), None)


def _go_on(turn: Turn, gate: EffectiveGate, state: GateState) -> Problem | None:
    """Begin what is due; give up what has taken too long."""
    if state.started_at and turn.now >= _end(gate, state.started_at):
        return _give_up(turn, gate, state)
    due = state.retry_at is not None and turn.now >= state.retry_at
    if due or (state.state == "Pending" and turn.status.paused is None):
        state = _replace(
            turn,
            state,
            state="Running",
            started_at=state.started_at or turn.now,
            attempts=state.attempts + 1,
            retry_at=None,
        )
    for moment in (state.retry_at, state.started_at and _end(gate, state.started_at)):
        if moment:
            turn.wake_at(moment)
    return None


def _take_in(turn: Turn, gate: EffectiveGate, outcome: GateOutcome) -> Problem | None:
    _, state = current(turn.status) or (0, GateState(name=gate.name))
    if outcome.verdict == "Running":
        if outcome.message != state.message:
            _replace(turn, state, message=outcome.message, report=outcome.report)
        return None
    answers = state.answers
    if gate.url:
        answers = [*(answers or []), GateAnswer(at=turn.now, code=outcome.code, message=outcome.message)]
    final = {
        "message": outcome.message,
        "answers": answers,
        "report": outcome.report,
        "finished_at": turn.now,
    }
    if outcome.verdict in OVER:
        _replace(turn, state, state=outcome.verdict, **final)
        return None
    last = gate.retries is not None and state.attempts > gate.retries
    if outcome.verdict == "Failed" or (last and outcome.verdict == "Refused"):
        _replace(turn, state, state="Failed", **final)
        return Problem(reasons.GATE_FAILED, f"gate {gate.name}: {outcome.message}{_times(state)}")
    if last:
        _replace(turn, state, state="Error", **final)
        return Problem(reasons.GATE_ERROR, f"gate {gate.name}: {outcome.message}{_times(state)}")
    retry = turn.now + _pause(state.attempts)
    _replace(turn, state, state="Error", message=outcome.message, answers=answers, retry_at=retry)
    if state.attempts == 1:
        turn.warning(reasons.GATE_ERROR, f"Gate {gate.name}: {outcome.message}; it is tried again")
    return None


def _give_up(turn: Turn, gate: EffectiveGate, state: GateState) -> Problem:
    limit = format_duration(timedelta(seconds=gate.timeout_seconds))
    message = f"no answer within {limit}" + (f": {state.message}" if state.message else "")
    _replace(turn, state, state="Error", message=message, finished_at=turn.now, retry_at=None)
    return Problem(reasons.GATE_TIMEOUT, f"gate {gate.name}: {message}")


def _replace(turn: Turn, old: GateState, **changes: object) -> GateState:
    new = old.model_copy(update=changes)
    turn.update(gates=[new if part.name == old.name else part for part in turn.status.gates or []])
    return new


def _end(gate: EffectiveGate, started: datetime) -> datetime:
    return started + timedelta(seconds=gate.timeout_seconds)


def _pause(attempts: int) -> timedelta:
    return timedelta(seconds=min(2.0 ** (attempts - 1), LONGEST_BACKOFF))


def _times(state: GateState) -> str:
    return f" (tried {state.attempts} times)" if state.attempts > 1 else ""
