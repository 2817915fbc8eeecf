"""Objects that somebody has deleted or edited behind the operator's back: put back, and told in one event each.

What is there is compared with how it was made, which is on record, never with what the operator would make of it
today: an upgraded operator repairs nothing. The route's part is in ``traffic``, which writes it anyway.
"""

from slipway_operator.api import names, reasons
from slipway_operator.api.status import Revision
from slipway_operator.rollout.actions import CreateRevision, RestoreRevision
from slipway_operator.rollout.observation import Problem
from slipway_operator.rollout.turn import Turn


def put_back(turn: Turn) -> None:
    """Repair what belongs to the revisions that have a role."""
    for part in turn.live():
        _put_back(turn, part)
    _note_deployments(turn)


def _put_back(turn: Turn, part: Revision) -> None:
    state = turn.state(part)
    if state is None:
        if has_existed(turn, part):
            _make_anew(turn, part, "InferenceService")
        return
    if state.deleting:
        return  # made anew once it is gone
    if not state.runtime:  # it is made before the InferenceService, and goes after it
        _make_anew(turn, part, "ServingRuntime")
    for edit in state.edits:
        turn.actions.append(RestoreRevision(part.revision, edit.kind))
        turn.warning(reasons.REPAIRED, f"{edit}: put back")


def has_existed(turn: Turn, part: Revision) -> bool:
    """A canary that never became ready, and to which nothing leads, may not have been made yet."""
    canary, route = turn.status.canary, turn.seen.route
    if canary is None or part.revision != canary.revision or canary.ready_at:
        return True
    return route is not None and part.revision in route.split


def _make_anew(turn: Turn, part: Revision, kind: str) -> None:
    recorded = part.revision in turn.seen.recorded
    if turn.seen.refused:
        turn.problem = turn.problem or turn.seen.refused
        return
    if not recorded and part.revision != turn.wanted.revision:
        return  # an older operator has made it, and nobody knows how
    name = names.revision_object(turn.deployment.name, part.revision)
    if not recorded and (problem := turn.seen.problem or _runtime_missing(turn, f"{kind} {name}")):
        turn.problem = turn.problem or problem
        return
    turn.actions.append(CreateRevision(part.revision, recorded=recorded))
    turn.warning(reasons.REPAIRED, f"{kind} {name} was deleted: made anew")


def _runtime_missing(turn: Turn, what: str) -> Problem | None:
    """What is not on record is made of the runtime that the spec names, if that is there."""
    if turn.seen.runtime_hash:
        return None
    message = f"{what} was deleted, and so was the runtime that spec.model.runtime names: create that again"
    return Problem(reasons.RUNTIME_MISSING, message)


def _note_deployments(turn: Turn) -> None:
    """KServe itself makes them anew: this only tells, once for each time."""
    stable, state = turn.status.stable, turn.state(turn.status.stable)
    if stable is None:
        return
    # Those of an InferenceService that was deleted go with it.
    gone = list(names.COMPONENTS if state is None else state.gone)
    if state and not state.deleting:
        for component in sorted(set(gone) - set(stable.without or [])):
            name = names.entry_service(turn.deployment.name, stable.revision, component)
            turn.warning(reasons.REPAIRED, f"Deployment {name} was deleted: KServe makes it anew")
    turn.update(stable=stable.model_copy(update={"without": gone or None}))
