"""The evidence of all checks so far about one share: an e-process for "worse", and one for "not worse".

Each check multiplies the evidence by its e-value, so that shares may move freely from check to check, for both
revisions alike: only a difference *within* checks counts. (Counts summed over a rollout would convict good canaries
on any common outage, because the canary gets its requests late and stable its early.) By Ville's inequality the
chance that the product ever reaches 1/α under the null is at most α, however often it is looked at.

Nobody knows how much worse a bad canary is, so that each test mixes several alternatives, weighted by what they have
foretold so far. Two departures from the plain product, neither of which harms the guarantee:

- a floor under an alternative's factor, since one wrong forecast should not erase what was learnt;
- a cap on the factor of a check: a single one decides nothing, whatever happened in it, for the canary or against it.
"""

from collections.abc import Iterable
from math import exp, log
from typing import NamedTuple

from slipway_operator.rollout.sequential.evalue import Alternative, Share, log_e_value
from slipway_operator.rollout.sequential.forecast import Forecast

FLOOR = 0.1
CAP = 10.0
WIDEST = 0.9
PASSES = 3


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


class Mixture(NamedTuple):
    """The evidence against one null hypothesis."""

    weights: tuple[float, ...]
    """Logarithms, one for each alternative; only their differences mean anything."""
    total: float = 0.0
    """The logarithm of the evidence."""

    def after(self, log_e_values: Iterable[float]) -> "Mixture":
        """The evidence after a check; one e-value for each alternative."""
        weights = tuple(known + _floored(new) for known, new in zip(self.weights, log_e_values, strict=True))
        factor = log_mean_exp(weights) - log_mean_exp(self.weights)
        best = max(weights)
        return Mixture(tuple(weight - best for weight in weights), self.total + min(factor, log(CAP)))


class Process(NamedTuple):
    """The state between two checks."""

    forecast: Forecast
    worse: Mixture
    """Evidence that canary's share exceeds stable's by more than the tolerated margin."""
    alike: Mixture
    """Evidence that it exceeds stable's by less than the excluded margin."""


def begin(forecast: Forecast, alternatives: int) -> Process:
    """No evidence yet."""
    return Process(forecast, Mixture((0.0,) * alternatives), Mixture((0.0,) * PASSES))


def observe(process: Process, margins: Margins, stable: Share, canary: Share) -> Process:
    """``process`` after a check in which the revisions got these requests."""
    theta, misses = process.forecast.share, 1.0 - process.forecast.share
    right = (stable.complement(), canary.complement())
    worse = process.worse.after(
        log_e_value(margins.tolerated, Alternative(theta, theta + offset), stable, canary)
        for offset in margins.offsets(len(process.worse.weights))
    )
    alike = process.alike.after(
        log_e_value(-margins.excluded, Alternative(misses, misses - offset), *right)
        for offset in margins.passes
    )
    return Process(process.forecast.after(stable), worse, alike)


def log_mean_exp(logs: tuple[float, ...]) -> float:
    """The logarithm of the mean of exponentials, without overflow."""
    top = max(logs)
    return top + log(sum(exp(value - top) for value in logs) / len(logs))


def _floored(log_e: float) -> float:
    """The logarithm of FLOOR + (1 - FLOOR) e."""
    if log_e > 50.0:  # beside which the floor is nothing, and whose exponential may be none
        return log_e + log(1.0 - FLOOR)
    return log(FLOOR + (1.0 - FLOOR) * exp(log_e))
