"""The decision, read from top to bottom. Nothing else in the program decides.

Level-triggered: it is given what the user wants, what was decided before (status) and what is there (seen), never
what happened. Deciding twice on the same input gives the same answer.
"""

from datetime import datetime

from slipway_operator.rollout import (
    capacity,
    commands,
    housekeeping,
    previous,
    progress,
    repair,
    story,
    target,
    traffic,
)
from slipway_operator.rollout.actions import Decision
from slipway_operator.rollout.observation import Observation
from slipway_operator.rollout.revision import revision_of
from slipway_operator.rollout.turn import Deployment, Turn


def decide(deployment: Deployment, seen: Observation, now: datetime) -> Decision:
    """The next status of ``deployment``, the actions that follow from it, and when to look again."""
    turn = Turn(deployment, seen, now, wanted=revision_of(deployment.spec), status=deployment.status)
    traffic.note_taken(turn)  # has the route as it stands taken?
    commands.obey(turn)  # what people ask for
    target.choose(turn)  # start, supersede or abort, as the spec asks
    progress.advance(turn)  # ready, steps, verdict, promotion or rollback
    previous.watch(turn)  # is what was promoted still able to serve, while the old one is there?
    capacity.settle(turn)  # has the autoscaler seen what its load is now?
    traffic.steer(turn)  # the route towards the split that the status now wants
    repair.put_back(turn)  # what somebody has deleted or edited
    housekeeping.keep_up(turn)  # make what is new, scale, delete what is over
    story.tell(turn)  # phase, message, conditions
    return turn.decision()
