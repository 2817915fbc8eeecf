"""The evidence of all checks so far about one share: an e-process for "worse", and one for "not worse".

Each check multiplies the evidence by its e-value, so that shares may move freely from check to check, for both
revisions alike: only a difference *within* checks counts. (Counts summed over a rollout would convict good canaries
on any common outage, because the canary gets its requests late and stable its early.) By Ville's inequality the
chance that the product ever reaches 1/α under the null is at most α, however often it is looked at.

Nobody knows how much worse a bad canary is, so that each test mixes several alternatives, weighted by what they have
foretold so far. Nor does anybody know since when it is: the test against the canary also mixes over the check from
which on it is worse, with the weight 1/(j (j + 1)) for check j. What has not begun yet stands at 1, so that an hour of
good answers is no credit to be used up by bad ones (a Shiryaev-Roberts procedure that keeps Ville's bound, because
the weights sum to 1). Two departures from the plain product, neither of which harms the guarantee:

- a floor under an alternative's factor, since one wrong forecast should not erase what was learnt;
- a cap on the factor of a check: a single one decides nothing, whatever happened in it, for the canary or against it.
"""

from collections.abc import Iterable
from math import exp, log
from typing import NamedTuple

from slipway_operator.rollout.sequential.evalue import Alternative, Share, log_e_value
from slipway_operator.rollout.sequential.forecast import Forecast

NEVER = -1e3
"""The logarithm of no weight at all."""
FLOOR = 0.1
CAP = 8.0
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
    """Logarithms, one for each alternative; only their differences mean anything, also from ``asleep``."""
    total: float = 0.0
    """The logarithm of the evidence."""
    asleep: float | None = None
    """The weight of all that have not begun yet; None where all begin with the first check."""
    checks: int = 0
    """How many have passed."""

    def after(self, log_e_values: Iterable[float]) -> "Mixture":
        """The evidence after a check; one e-value for each alternative."""
        begun = self._begun()
        weights = tuple(known + _floored(new) for known, new in zip(begun.weights, log_e_values, strict=True))
        asleep = () if begun.asleep is None else (begun.asleep,)
        factor = log_mean_exp(weights + asleep) - log_mean_exp(begun.weights + asleep)
        best = max(weights + asleep)
        return Mixture(
            tuple(max(weight - best, NEVER) for weight in weights),
            self.total + min(factor, log(CAP)),
            None if begun.asleep is None else max(begun.asleep - best, NEVER),
            self.checks + 1,
        )

    def _begun(self) -> "Mixture":
        """With those begun whose time it is: of all that sleep, 1 in (checks + 2), shared out among the alternatives."""
        if self.asleep is None:
            return self
        rest = 1.0 / (self.checks + 2)
        new = self.asleep + log(rest / len(self.weights))
        weights = tuple(log_sum_exp((weight, new)) for weight in self.weights)
        return self._replace(weights=weights, asleep=self.asleep + log(1.0 - rest))


class Process(NamedTuple):
    """The state between two checks."""

    forecast: Forecast
    worse: Mixture
    """Evidence that canary's share exceeds stable's by more than the tolerated margin."""
    alike: Mixture
    """Evidence that it exceeds stable's by less than the excluded margin."""


def begin(forecast: Forecast, alternatives: int) -> Process:
    """No evidence yet."""
    return Process(forecast, Mixture((NEVER,) * alternatives, asleep=0.0), Mixture((0.0,) * PASSES))


def observe(process: Process, margins: Margins, stable: Share, canary: Share) -> Process:
    """``process`` after a check in which the revisions got these requests."""
    if not stable.of or not canary.of:
        return process._replace(forecast=process.forecast.after(stable))
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


def log_sum_exp(logs: tuple[float, ...]) -> float:
    """The logarithm of the sum of exponentials, without overflow."""
    top = max(logs)
    return top + log(sum(exp(value - top) for value in logs))


def log_mean_exp(logs: tuple[float, ...]) -> float:
    """The logarithm of the mean of exponentials, without overflow."""
    return log_sum_exp(logs) - log(len(logs))


def _floored(log_e: float) -> float:
    """The logarithm of FLOOR + (1 - FLOOR) e."""
    if log_e > 50.0:  # beside which the floor is nothing, and whose exponential may be none
        return log_e + log(1.0 - FLOOR)
    return log(FLOOR + (1.0 - FLOOR) * exp(log_e))
