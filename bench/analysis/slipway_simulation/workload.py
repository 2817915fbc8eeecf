"""Requests of synthetic rollouts: what stable and the canary count in every check.

A rollout has a check every 15 s, Slipway's default; the canary's weight is 5, 10, 25 and 50 % for two minutes each,
and stays at 50 % where a rollout is held longer. Before it, stable alone is counted for ten minutes. Requests come as
a Poisson process. All arrays have the shape (rollouts, checks) or (rollouts, checks, cells).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SECONDS = 15.0
RAMP = np.repeat([0.05, 0.10, 0.25, 0.50], 8)
HISTORY = 40
RATES = (0.2, 1.0, 10.0, 100.0)
"""Requests a second."""

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Shares = Callable[[np.random.Generator, tuple[int, int]], tuple[Floats, Floats]]
"""Makes the true shares of (stable, canary) for an array of checks, history included."""


@dataclass(frozen=True)
class Requests:
    """What was counted; ``cells`` sorts requests by outcome, latency bucket or score."""

    history: Counts
    stable: Counts
    canary: Counts


def weights(checks: int) -> Floats:
    """The canary's weight in each check."""
    tail = np.full(max(0, checks - len(RAMP)), RAMP[-1])
    return np.concatenate([RAMP, tail])[:checks]


def failures(rng: np.random.Generator, rollouts: int, rate: float, shares: Shares, checks: int) -> Requests:
    """Requests in two cells: failed, and answered."""
    all_checks = HISTORY + checks
    stable_share, canary_share = shares(rng, (rollouts, all_checks))
    split = np.concatenate([np.zeros(HISTORY), weights(checks)])
    n_s = rng.poisson(rate * SECONDS * (1 - split), (rollouts, all_checks))
    n_c = rng.poisson(rate * SECONDS * split, (rollouts, all_checks))
    k_s, k_c = rng.binomial(n_s, stable_share), rng.binomial(n_c, canary_share)
    stable, canary = np.stack([k_s, n_s - k_s], axis=-1), np.stack([k_c, n_c - k_c], axis=-1)
    return Requests(stable[:, :HISTORY], stable[:, HISTORY:], canary[:, HISTORY:])


def sorted_requests(
    rng: np.random.Generator,
    rollouts: int,
    rate: float,
    cells: Callable[[int], tuple[Floats, Floats]],
    checks: int,
) -> Requests:
    """Requests in the cells that ``cells(check)`` gives the chances of, for stable and canary; -1 is before."""
    split = weights(checks)
    n_h = rng.poisson(rate * SECONDS, (rollouts, HISTORY))
    n_s = rng.poisson(rate * SECONDS * (1 - split), (rollouts, checks))
    n_c = rng.poisson(rate * SECONDS * split, (rollouts, checks))
    return Requests(
        _draw(rng, n_h, [cells(-1)[0]] * HISTORY),
        _draw(rng, n_s, [cells(check)[0] for check in range(checks)]),
        _draw(rng, n_c, [cells(check)[1] for check in range(checks)]),
    )


def _draw(rng: np.random.Generator, totals: Counts, chances: Sequence[Floats]) -> Counts:
    drawn = [rng.multinomial(totals[:, check], chance / chance.sum()) for check, chance in enumerate(chances)]
    return np.stack(drawn, axis=1)
