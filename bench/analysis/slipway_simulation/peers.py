"""The decision rules of Flagger and Argo Rollouts, as their documentation and sources state them.

Flagger: every check in which the success rate of the last minute is below 99 % (or its p99 above a bound), or in
which there are no requests, is a failed one; failed checks add up, and the tick after the threshold rolls back.
Argo Rollouts: a measurement that does not satisfy the condition (NaN does not) is a failure; more failures than the
limit fail the analysis. Both look at the canary alone.
"""

import numpy as np

from slipway_simulation.workload import SECONDS, Counts, Floats

LOOK_SECONDS = 2 * SECONDS

Verdicts = tuple[np.ndarray, np.ndarray]
"""(index of the last check, verdict) of each rollout."""


def looks(counts: Counts) -> Counts:
    """Sums of two checks: the peers look every 30 s."""
    rollouts, checks, *rest = counts.shape
    summed: Counts = counts.reshape(rollouts, checks // 2, 2, *rest).sum(axis=2)
    return summed


def window(counts: Counts, checks: int = 2) -> Counts:
    """Sums over the last ``checks`` checks: two of them are a minute."""
    total = np.cumsum(counts, axis=1)
    total[:, checks:] -= np.cumsum(counts, axis=1)[:, :-checks]
    return total


def limited(bad: np.ndarray, limit: int, delay: int = 0) -> Verdicts:
    """Fail at the ``limit``-th bad check, acted on ``delay`` checks later; else promoted at the end."""
    reached = np.cumsum(bad, axis=1) >= limit
    last = bad.shape[1] - 1
    at = np.where(reached.any(axis=1), reached.argmax(axis=1) + delay, last + 1)
    failed = reached.any(axis=1) & (at <= last + 1)
    return np.minimum(at, last), np.where(failed, "Fail", "Pass")


def error_rules(canary: Counts) -> dict[str, Verdicts]:
    """Rules on the success rate; ``canary`` in cells failed, answered."""
    recent = window(looks(canary))
    bad = ~(_share(recent[..., 1], recent.sum(axis=-1)) >= 0.99)
    return {
        "Flagger T=5": limited(bad, 5, 1),
        "Flagger T=10": limited(bad, 10, 1),
        "Argo tuned (99 %, limit 3)": limited(bad, 4),
    }


def argo_as_documented(rng: np.random.Generator, rollouts: int, rate: float, share: float) -> Verdicts:
    """Argo's background example: 95 % over 5 minutes, every 5 minutes, limit 3; weights 20, 40, 60, 80 % for 10 min each."""
    split = np.repeat([0.2, 0.4, 0.6, 0.8], 20)
    requests = rng.poisson(rate * LOOK_SECONDS * split, (rollouts, len(split)))
    good = requests - rng.binomial(requests, share)
    at = slice(19, None, 10)  # from the 40 % step on
    bad = ~(_share(window(good, 10)[:, at], window(requests, 10)[:, at]) >= 0.95)
    last, verdict = limited(bad, 4)
    return 19 + 10 * last, verdict


def latency_rules(canary: Counts, bounds: Floats) -> dict[str, Verdicts]:
    """Rules on the p99 of the last minute; ``canary`` in latency buckets."""
    p99 = quantile(window(looks(canary)), bounds, 0.99)
    return {
        "Flagger p99 <= 500 ms, T=5": limited(~(p99 <= 0.5), 5, 1),
        "Flagger p99 <= 120 ms, T=5": limited(~(p99 <= 0.12), 5, 1),
    }


def score_rules(stable: Counts, canary: Counts) -> dict[str, Verdicts]:
    """The usual rule on scores: a population stability index above 0.25 over the last minute, or once at the end."""
    recent = _psi(window(looks(canary)), window(looks(stable)))
    whole = _psi(canary.sum(axis=1, keepdims=True), stable.sum(axis=1, keepdims=True))
    last = np.full(len(canary), canary.shape[1] // 2 - 1)
    return {
        "PSI > 0.25 over a minute": limited(recent > 0.25, 1),
        "PSI > 0.25 once, at the end": (last, np.where(whole[:, 0] > 0.25, "Fail", "Pass")),
    }


def quantile(cells: Counts, bounds: Floats, q: float) -> Floats:
    """Prometheus's histogram_quantile: linear inside the bucket, the last bound beyond it; NaN without requests."""
    total = np.cumsum(cells, axis=-1)
    rank = q * total[..., -1]
    index = np.minimum((total < rank[..., None]).sum(axis=-1), len(bounds))
    upper, lower = np.append(bounds, bounds[-1])[index], np.insert(bounds, 0, 0.0)[index]
    below = np.where(index > 0, np.take_along_axis(total, np.maximum(index - 1, 0)[..., None], -1)[..., 0], 0)
    inside = np.take_along_axis(cells, index[..., None], -1)[..., 0]
    value = lower + (upper - lower) * (rank - below) / np.maximum(inside, 1)
    return np.where(total[..., -1] > 0, value, np.nan)


def _psi(canary: Counts, stable: Counts) -> Floats:
    a = np.maximum(canary / np.maximum(canary.sum(axis=-1, keepdims=True), 1), 1e-4)
    b = np.maximum(stable / np.maximum(stable.sum(axis=-1, keepdims=True), 1), 1e-4)
    known = (canary.sum(axis=-1) > 0) & (stable.sum(axis=-1) > 0)
    return np.where(known, np.sum((a - b) * np.log(a / b), axis=-1), np.nan)


def _share(part: Counts, whole: Counts) -> Floats:
    """NaN where there were no requests, as Prometheus answers."""
    shares: Floats = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return shares
