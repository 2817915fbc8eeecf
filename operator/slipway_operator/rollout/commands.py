"""What people ask for in mid-rollout: annotations on the ModelDeployment, one key each, with any id as value.

A command is obeyed once, when its id is not the one that status has acknowledged; it is never an edit of the spec,
so that GitOps does not undo it. Abort beats all others that come with it. What cannot be done is told in an event.
"""

from collections.abc import Callable
from datetime import timedelta

from slipway_operator.api import names, reasons
from slipway_operator.api.status import Paused, StepState
from slipway_operator.rollout import gates, rollback
from slipway_operator.rollout.turn import Turn

_FIRST = "nothing serves yet that one could go back to"
_NONE = "no rollout is under way"


def obey(turn: Turn) -> None:
    """Carry out the commands that are new, and the spec's ``suspend``."""
    known = turn.status.commands or {}
    given = turn.deployment.commands
    asked = [verb for verb in names.COMMANDS if given.get(verb) and given[verb] != known.get(verb)]
    if asked:
        turn.update(commands={**known, **{verb: given[verb] for verb in asked}})
    for verb in asked:
        beaten = asked[0] == "abort" and verb != "abort"
        refusal = "abort came with it" if beaten else _VERBS[verb](turn)
        if refusal:
            turn.warning(reasons.COMMAND_IGNORED, f"{verb} ignored: {refusal}")
    _suspend(turn)


def _suspend(turn: Turn) -> None:
    wanted, paused = bool(turn.deployment.spec.suspend), turn.status.paused
    if wanted and paused is None and turn.status.canary and turn.status.rollback is None:
        turn.update(paused=Paused(since=turn.now, by="spec.suspend"))
    elif not wanted and paused and paused.by == "spec.suspend":
        _go_on(turn)


def _abort(turn: Turn) -> str | None:
    under_way = turn.status.rollback
    if under_way and turn.status.canary is None:
        turn.update(rollback=None)
        turn.normal(reasons.ABORTED, f"Rollback to version {under_way.version} aborted by command")
        return None
    if turn.status.canary and turn.status.stable is None:
        return _FIRST
    return rollback.abort(turn)


def _promote(turn: Turn) -> str | None:
    """On to the next step now: a hold, an approval or a missing verdict is answered by a person."""
    if turn.status.canary is None:
        return _NONE
    step = turn.status.step
    if step is None:
        return _not_yet(turn)
    if turn.status.paused and turn.status.paused.by == "command":
        _go_on(turn)
        step = turn.status.step or step
    turn.update(step=step.model_copy(update={"released": True}))
    return None


def _not_yet(turn: Turn) -> str:
    gate = gates.current(turn.status)
    return f"its gate {gate[1].name} has not been passed yet" if gate else "its pods are not ready yet"


def _promote_full(turn: Turn) -> str | None:
    step, rollout = turn.status.step, turn.status.rollout
    if turn.status.canary is None or rollout is None:
        return _NONE
    if step is None:
        return _not_yet(turn)
    _go_on(turn)
    turn.update_canary(full=True)
    turn.update(step=StepState(index=step.count, count=step.count, weight=rollout.final_weight))
    return None


def _pause(turn: Turn) -> str | None:
    if turn.status.canary is None:
        return _NONE
    if turn.status.paused is None:
        turn.update(paused=Paused(since=turn.now, by="command"))
        turn.normal(reasons.PAUSED, f"Rollout of version {turn.status.canary.version} paused by command")
    return None


def _resume(turn: Turn) -> str | None:
    if turn.status.paused is None:
        return "nothing is paused"
    if turn.status.paused.by == "spec.suspend":
        return "spec.suspend is true: set it to false instead"
    _go_on(turn)
    return None


def _retry(turn: Turn) -> str | None:
    failed, compared = turn.status.failed, turn.status.compared
    if turn.status.rollback:
        return "a rollback is under way: abort it first"
    if failed and failed.revision == turn.wanted.revision:
        turn.update(failed=None)
    elif compared and compared.revision == turn.wanted.revision:
        turn.update(compared=None)
    else:
        return "the revision that the spec asks for has neither failed nor been compared"
    return None


def _go_on(turn: Turn) -> None:
    """The pause does not count: what was to end then ends so much later."""
    paused, canary, step = turn.status.paused, turn.status.canary, turn.status.step
    turn.update(paused=None)
    if paused is None or canary is None:
        return
    waited: timedelta = turn.now - paused.since
    turn.update_canary(waited_seconds=canary.waited_seconds + waited.total_seconds())
    if step and step.hold_until and step.hold_until > paused.since:
        turn.update(step=step.model_copy(update={"hold_until": step.hold_until + waited}))
    turn.normal(reasons.RESUMED, f"Rollout of version {canary.version} goes on")


_VERBS: dict[str, Callable[[Turn], str | None]] = {
    "abort": _abort,
    "rollback": rollback.obey,
    "promote-full": _promote_full,
    "promote": _promote,
    "pause": _pause,
    "resume": _resume,
    "retry": _retry,
}
