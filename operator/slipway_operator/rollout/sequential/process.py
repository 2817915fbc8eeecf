"""The evidence of all checks so far about one share: an e-process for "worse", and one for "not worse".

Each check multiplies the evidence by its e-value, so that shares may move freely from check to check, for both
revisions alike: only a difference *within* checks counts. (Counts summed over a rollout would convict good canaries
on any common outage, because the canary gets its requests late and stable its early.) By Ville's inequality the
chance that the product ever reaches 1/α under the null is at most α, however often it is looked at.

Three departures from the plain product, none of which harms that guarantee:

- a mixture over several alternatives, since nobody knows how much worse a bad canary is;
- a floor under each factor, since one wrong forecast should not erase all evidence;
- a cap on each factor: a single check decides nothing, whatever happened in it, for the canary or against it.
"""

from math import exp, log
from typing import NamedTuple

from slipway_operator.rollout.sequential.evalue import Alternative, Share, log_e_value
from slipway_operator.rollout.sequential.forecast import Forecast

FLOOR = 0.1
CAP = 10.0
WIDEST = 0.9


class Margins(NamedTuple):
    """How much larger canary's share may be (0 < tolerated), and from where on it must not pass (> tolerated)."""

    tolerated: float
    excluded: float

    def offsets(self, count: int) -> tuple[float, ...]:
        """Differences worth looking for: ``count`` of them in geometric order, from 1.5 times the tolerated one."""
        first = 1.5 * self.tolerated
        ratio = (max(WIDEST, first) / first) ** (1 / (count - 1))
        return tuple(first * ratio**index for index in range(count))

    @property
    def passes(self) -> tuple[float, float, float]:
        """Differences of a canary that should pass: a little better, just alike, as much worse as is tolerated."""
        return (-self.excluded / 4, 0.0, self.tolerated)


class Process(NamedTuple):
    """The state between two checks; logarithms of products, one for each alternative."""

    forecast: Forecast
    worse: tuple[float, ...]
    alike: tuple[float, ...] = (0.0, 0.0, 0.0)

    @property
    def log_worse(self) -> float:
        """The logarithm of the evidence that canary's share exceeds stable's by more than the tolerated margin."""
        return log_mean_exp(self.worse)

    @property
    def log_alike(self) -> float:
        """The logarithm of the evidence that it exceeds stable's by less than the excluded margin."""
        return log_mean_exp(self.alike)


def begin(forecast: Forecast, alternatives: int) -> Process:
    """No evidence yet."""
    return Process(forecast, (0.0,) * alternatives)


def observe(process: Process, margins: Margins, stable: Share, canary: Share) -> Process:
    """``process`` after a check in which the revisions got these requests."""
    theta, misses = process.forecast.share, 1.0 - process.forecast.share
    worse = tuple(
        known + _tamed(log_e_value(margins.tolerated, Alternative(theta, theta + offset), stable, canary))
        for known, offset in zip(process.worse, margins.offsets(len(process.worse)), strict=True)
    )
    right = (stable.complement(), canary.complement())
    alike = tuple(
        known + _tamed(log_e_value(-margins.excluded, Alternative(misses, misses - offset), *right))
        for known, offset in zip(process.alike, margins.passes, strict=True)
    )
    return Process(process.forecast.after(stable), worse, alike)


def log_mean_exp(logs: tuple[float, ...]) -> float:
    """The logarithm of the mean of exponentials, without overflow."""
    top = max(logs)
    return top + log(sum(exp(value - top) for value in logs) / len(logs))


def _tamed(log_e: float) -> float:
    """The logarithm of FLOOR + (1 - FLOOR) e, at most CAP."""
    return log(min(CAP, FLOOR + (1.0 - FLOOR) * exp(min(log_e, 50.0))))
