"""The command rollback: to the revision that is kept warm, or to any in the history that was promoted once.

    slipway.dev/rollback: <id>                        the one that served before, while it is kept warm
    slipway.dev/rollback: <id>/<version or revision>  that one

What is warm takes over by one change of the route. What is not is made again as it is on record, and once its pods
serve and its artifact is still the one that it was, it takes over at once: it has passed its gates and its steps
before, and whoever goes back has no time. What the spec asks for is not tried again until it changes, or by retry.
"""

from slipway_operator.api import reasons
from slipway_operator.api.spec import PROMOTED
from slipway_operator.api.status import Canary, HistoryEntry, Previous, Revision, Rollback, Stable
from slipway_operator.rollout import previous, start
from slipway_operator.rollout.effective import emergency_rollout
from slipway_operator.rollout.turn import Turn

BY_COMMAND = "by command"


def obey(turn: Turn) -> str | None:
    """Do as the command says; returns why it cannot be done, if it cannot."""
    stable, asked = turn.status.stable, turn.deployment.commands["rollback"].partition("/")[2]
    if stable is None:
        return "nothing serves yet that one could go back to"
    if not asked:
        return abort(turn) if turn.status.canary else _to_previous(turn, stable)
    if asked in (stable.revision, stable.version):
        return abort(turn) if turn.status.canary else f"version {stable.version} serves already"
    found = _find(turn, asked)
    return found if isinstance(found, str) else _to(turn, stable, found)


def abort(turn: Turn) -> str | None:
    """Traffic back to stable; the revision is not tried again."""
    canary, message = turn.status.canary, f"aborted {BY_COMMAND}"
    if canary is None:
        return "no rollout is under way"
    if turn.status.rollback is None:  # else the spec asks for another one
        turn.fail(canary, reasons.ABORTED, message)
    turn.normal(reasons.ABORTED, f"Rollout of version {canary.version} {message}")
    turn.end_rollout(canary, "Aborted", reasons.ABORTED, message)
    return None


def is_under_way(turn: Turn) -> bool:
    """Whether a revision is on its way back; a spec that now asks for another one to be started ends that."""
    under_way, suspended = turn.status.rollback, bool(turn.deployment.spec.suspend)
    if under_way and under_way.instead_of != turn.wanted.revision and not suspended:
        turn.update(rollback=None)
    return turn.status.rollback is not None


def go_on(turn: Turn) -> None:
    """Make the revision the canary, as soon as there is room for it."""
    target = turn.status.rollback
    if target is None or turn.status.canary or not start.has_room(turn, target):
        return
    start.start(turn, target, emergency_rollout(turn.deployment.spec.rollout, turn.seen.policy))
    message = f"Version {target.version} starts again as revision {target.revision}, asked for {BY_COMMAND}"
    turn.normal(reasons.ROLLBACK_STARTED, message)


def finish(turn: Turn, canary: Canary, stable: Stable, kept: Previous, restarts: int) -> None:
    """It serves: what it takes over from stays warm."""
    message = f"{BY_COMMAND}: back to version {canary.version}"
    under_way = turn.status.rollback
    turn.end_rollout(
        canary, "Promoted", reasons.ROLLED_BACK, f"{BY_COMMAND}: instead of version {stable.version}"
    )
    turn.enter(stable, stable.promoted_at, "RolledBack", reasons.ROLLED_BACK, message)
    turn.update(
        stable=Stable(**canary.identity(), promoted_at=turn.now, restarts=restarts),
        previous=kept.model_copy(update={"rejected": True}),
    )
    # What the spec has come to ask for since then, under suspend, is still to be tried.
    asked_then = under_way is not None and under_way.instead_of == turn.wanted.revision
    if asked_then and canary.revision != turn.wanted.revision:
        turn.fail(turn.wanted, reasons.ROLLED_BACK, message)
    turn.warning(
        reasons.ROLLED_BACK, f"Version {stable.version} rolled back: {reasons.ROLLED_BACK}: {message}"
    )


def _to_previous(turn: Turn, stable: Stable) -> str | None:
    if turn.status.previous is None:
        return (
            "no earlier revision is kept warm (rollout.keepStable): name one of status.history"
            " (rollback=ID/VERSION), or set spec.model back"
        )
    if not _is_warm(turn, turn.status.previous):
        return f"version {turn.status.previous.version}, which served before, has no ready pod"
    previous.go_back(turn, stable, reasons.ROLLED_BACK, BY_COMMAND)
    return None


def _to(turn: Turn, stable: Stable, target: Revision) -> str | None:
    canary = turn.status.canary
    if canary and turn.status.rollback and canary.revision == target.revision:
        return f"version {target.version} is on its way already"
    if canary:
        abort(turn)
    if _is_warm(turn, target):
        previous.go_back(turn, stable, reasons.ROLLED_BACK, BY_COMMAND)
        return None
    turn.update(rollback=Rollback(**target.identity(), instead_of=turn.wanted.revision))
    return None


def _is_warm(turn: Turn, target: Revision) -> bool:
    kept, state = turn.status.previous, turn.state(target)
    return bool(kept and kept.revision == target.revision and state and state.answering)


def _find(turn: Turn, asked: str) -> Revision | str:
    """The revision of that name or, the latest first, of that version; or why there is none to go back to."""
    history = turn.status.history or []
    entries = [part for part in history if part.revision == asked]
    entries = entries or [part for part in history if part.version == asked]
    refusals = []
    for revision in dict.fromkeys(part.revision for part in entries):
        refusal = _unfit(turn, [part for part in entries if part.revision == revision])
        if refusal is None:
            return turn.seen.recorded[revision]
        refusals.append(refusal)
    if refusals:
        return refusals[0]
    known = ", ".join(dict.fromkeys(part.version for part in history if part.outcome in PROMOTED))
    return f"there is no version or revision {asked} in status.history, which has {known or 'none'}"


def _unfit(turn: Turn, entries: list[HistoryEntry]) -> str | None:
    """Why nobody should go back to a revision with this history."""
    version = entries[0].version
    for entry in entries:
        if entry.outcome in PROMOTED:
            break
        if entry.outcome == "RolledBack" and entry.reason != reasons.ROLLED_BACK:
            return f"version {version} has failed: {entry.reason}: {entry.message}"
    else:
        return f"version {version} was never promoted"
    if entries[0].revision not in turn.seen.recorded:
        return f"version {version} was made by an older operator, which kept no record: set spec.model back instead"
    return None
