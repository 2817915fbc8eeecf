"""One check's evidence that the canary's share exceeds stable's by more than a margin: an e-value.

An e-value is a non-negative number whose expectation is at most 1 wherever the null hypothesis holds, so that large
values are evidence against it, and values of successive checks may be multiplied. Here the null is "canary's share
<= stable's + margin" and the value is the likelihood ratio of an alternative to its reverse information projection
on the null (R. Turner, A. Ly, P. Grünwald: Generic E-variables for exact sequential k-sample tests that allow for
optional stopping, 2021, for two Bernoulli samples).

Why it is exact, at any sample size: with the shares (x, y) the expectation's logarithm is n_s log f(x) + n_c log g(y)
with f and g linear, so concave; at the projection it is 0 and no direction into the (convex) null ascends.
"""

from math import log
from typing import NamedTuple

EDGE = 1e-7
"""Shares are kept this far from 0 and 1, where logarithms end."""
_PRECISION = 1e-10
_MOST_STEPS = 60


class Share(NamedTuple):
    """``hits`` of ``of`` requests, 0 <= hits <= of; fractions come from tempering."""

    hits: float
    of: float

    def __add__(self, other: object) -> "Share":
        if not isinstance(other, Share):
            return NotImplemented
        return Share(self.hits + other.hits, self.of + other.of)

    def complement(self) -> "Share":
        """The requests that are no hits."""
        return Share(self.of - self.hits, self.of)

    def over(self, factor: float) -> "Share":
        """The same share of fewer requests."""
        return Share(self.hits / factor, self.of / factor)


class Alternative(NamedTuple):
    """A guess at the true shares, made before the check was seen."""

    stable: float
    canary: float


def log_e_value(margin: float, guess: Alternative, stable: Share, canary: Share) -> float:
    """The logarithm of the e-value against "canary's share <= stable's + ``margin``"; 0 when it says nothing.

    ``margin`` in (-1, 1). ``guess`` has to lie outside the null; where it does not, there is no evidence to be had
    with it and the answer is 0.
    """
    a, b = _inside(guess.stable), _inside(guess.canary)
    if b <= a + margin or not stable.of or not canary.of:
        return 0.0
    t = _projection(margin, a, b, stable.of, canary.of)
    return _log_ratio(a, t, stable) + _log_ratio(b, t + margin, canary)


def _log_ratio(share: float, null: float, seen: Share) -> float:
    return seen.hits * log(share / null) + (seen.of - seen.hits) * log((1 - share) / (1 - null))


def _projection(margin: float, a: float, b: float, n_s: float, n_c: float) -> float:
    """The t for which (t, t + margin) is nearest to (a, b) in the sense of n_s KL(a|t) + n_c KL(b|t + margin).

    That sum is convex in t, so its slope has one zero between a and b - margin: Newton's method finds it, kept
    inside a bracket that shrinks at every step.
    """
    low, high = max(a, -margin + EDGE), min(b - margin, 1.0 - EDGE, 1.0 - margin - EDGE)
    t = (n_s * a + n_c * (b - margin)) / (n_s + n_c)
    for _ in range(_MOST_STEPS):
        t = t if low < t < high else (low + high) / 2
        u = t + margin
        slope = n_s * (t - a) / (t * (1 - t)) + n_c * (u - b) / (u * (1 - u))
        low, high = (t, high) if slope < 0 else (low, t)
        bend = n_s * (a / t**2 + (1 - a) / (1 - t) ** 2) + n_c * (b / u**2 + (1 - b) / (1 - u) ** 2)
        step = slope / bend
        t -= step
        if abs(step) < _PRECISION or high - low < _PRECISION:
            break
    return min(max(t, low), high)


def _inside(share: float) -> float:
    return min(max(share, EDGE), 1.0 - EDGE)
