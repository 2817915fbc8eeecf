"""The rollout as it will run: the user's fields over the defaults, frozen into status when it starts."""

from slipway_operator.api.duration import parse_duration
from slipway_operator.api.spec import Rollout, Step
from slipway_operator.api.status import EffectiveRollout

DEFAULT_HOLD = "1m"
DEFAULT_STEPS = (Step(weight=10, hold="2m"), Step(weight=50, hold="2m"))
DEFAULT_PROGRESS_DEADLINE = "10m"
DEFAULT_KEEP_STABLE = "10m"
DEFAULT_HISTORY_LIMIT = 10


def effective_rollout(rollout: Rollout | None) -> EffectiveRollout:
    """``rollout`` with every default filled in."""
    rollout = rollout or Rollout()
    keep = rollout.keep_stable.for_ if rollout.keep_stable else None
    steps = rollout.steps or list(DEFAULT_STEPS)
    return EffectiveRollout(
        steps=[Step(weight=step.weight, hold=step.hold or DEFAULT_HOLD) for step in steps],
        progress_deadline_seconds=_seconds(rollout.progress_deadline or DEFAULT_PROGRESS_DEADLINE),
        keep_stable_seconds=_seconds(keep or DEFAULT_KEEP_STABLE),
    )


def history_limit(rollout: Rollout | None) -> int:
    """How many history entries to keep."""
    limit = rollout.history_limit if rollout else None
    return DEFAULT_HISTORY_LIMIT if limit is None else limit


def _seconds(duration: str) -> int:
    return round(parse_duration(duration).total_seconds())
