"""What is tried: every cell is a scenario at a rate of requests, with its own seed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import log
from zlib import crc32

import numpy as np
from scipy import optimize, stats

from slipway_simulation import ours, peers
from slipway_simulation.workload import (
    HISTORY,
    RATES,
    SECONDS,
    Counts,
    Floats,
    Requests,
    Shares,
    failures,
    sorted_requests,
)

RAMP_CHECKS = 32
HALF = RAMP_CHECKS // 2
HOUR = 240
LATENCY_BOUNDS = np.array([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])
_SIGMA = log(4) / stats.norm.ppf(0.99)  # p50 20 ms, p99 80 ms
_CUTS = np.linspace(0, 1, 21)[1:]
_DECILES = stats.beta.ppf(np.arange(1, 10) / 10, 2, 5)
_FINE = np.unique(np.concatenate([_CUTS[:-1], _DECILES]))
_GRID = np.concatenate([np.searchsorted(_FINE, _CUTS[:-1]), [len(_FINE)]])
_TENTHS = np.concatenate([[0], np.searchsorted(_FINE, _DECILES) + 1])


@dataclass(frozen=True)
class Result:
    """One method's outcomes in one cell."""

    verdicts: np.ndarray
    seconds: Floats
    failed: Floats
    """Canary requests that failed (or were slow) until the end, by rollout."""


@dataclass(frozen=True)
class Cell:
    """A scenario at a rate."""

    signal: str
    scenario: str
    rate: float
    rollouts: int
    make: Callable[["Cell", np.random.Generator], dict[str, Result]] = field(repr=False)
    good: bool = False
    """The canary is not worse than tolerated: rolling it back is a false alarm."""
    bad: bool = False
    """It is worse by at least what is excluded: promoting it is a miss."""

    def run(self, seed: int) -> dict[str, Result]:
        """Judge the cell's rollouts by every method."""
        name = f"{self.signal} {self.scenario} {self.rate}".encode()
        return self.make(self, np.random.default_rng([seed, crc32(name)]))


def everything(rollouts: int) -> Iterator[Cell]:
    """All cells; ``rollouts`` for errors, fewer where a rollout costs more."""
    for rate in RATES:
        yield from _errors(rate, rollouts)
        yield from _conditions(rate, rollouts)
        yield from _latency(rate, rollouts)
        yield from _predictions(rate, max(20, rollouts // 4))
    for rate in RATES[:3]:
        yield from _held(rate, max(20, rollouts // 8))


def _errors(rate: float, rollouts: int) -> Iterator[Cell]:
    for p0 in (0.001, 0.005, 0.01):
        extras = {
            "A/A": 0.0, "at the margin, +0.5 pp": 0.005, "+1 pp": 0.01, "+2 pp": 0.02, "+5 pp": 0.05, "+20 pp": 0.2,
        }  # fmt: skip
        for name, extra in extras.items():
            yield Cell(
                "errors", f"stable {p0:.1%}, canary {name}", rate, rollouts,
                _failing(_steady(p0, p0 + extra)), good=extra <= 0.005, bad=extra >= 0.02,
            )  # fmt: skip


def _conditions(rate: float, rollouts: int) -> Iterator[Cell]:
    """Requests that are not alike, and checks that are not: what a simple model leaves out."""
    for name, shares in {
        "common outage, 10 % from 4 min": _outage(0.0),
        "common bursts, 10 % of checks at 10 %": _bursts(common=True),
        "private bursts, each its own": _bursts(common=False),
        "one canary check at 50 %": _one_check,
    }.items():
        yield Cell("errors", name, rate, rollouts, _failing(shares), good=True)
    yield Cell("errors", "cold start: the first 3 requests fail", rate, rollouts, _cold, good=True)
    yield Cell("errors", "common outage and canary +10 pp", rate, rollouts, _failing(_outage(0.1)), bad=True)
    yield Cell("errors", "canary +5 pp from 4 min", rate, rollouts, _failing(_late), bad=True)


def _latency(rate: float, rollouts: int) -> Iterator[Cell]:
    for name, factor, common, good, bad in (
        ("A/A", 1.0, 1.0, True, False),
        ("1.2 times as slow", 1.2, 1.0, False, False),
        ("1.5 times as slow", 1.5, 1.0, False, False),
        ("twice as slow", 2.0, 1.0, False, True),
        ("4 times as slow", 4.0, 1.0, False, True),
        ("both 3 times as slow from 4 min", 1.0, 3.0, True, False),
        ("both 3 times as slow, canary twice that", 2.0, 3.0, False, True),
    ):
        yield Cell("latency", name, rate, rollouts, _timed(factor, common), good=good, bad=bad)


def _predictions(rate: float, rollouts: int) -> Iterator[Cell]:
    strong = optimize.brentq(lambda a: _psi_of(a) - 0.30, 2.01, 9)
    for name, stable, canary, good, bad in (
        ("A/A", (2, 5), (2, 5), True, False),
        ("PSI 0.30, KS 0.21", (2, 5), (strong, 5), False, True),
        ("label flip", (2, 5), (5, 2), False, True),
        ("both shift from 4 min", (strong, 5), (strong, 5), True, False),
    ):
        yield Cell("predictions", name, rate, rollouts, _scored(stable, canary), good=good, bad=bad)


def _held(rate: float, rollouts: int) -> Iterator[Cell]:
    checks = {0.2: 960, 1.0: 960, 10.0: 240}[rate]
    for name, extra in {"A/A": 0.0, "+5 pp": 0.05, "+20 pp": 0.2}.items():
        make = _failing(_steady(0.005, 0.005 + extra), checks)
        scenario = f"stable 0.5%, canary {name}, held until a verdict"
        yield Cell("errors", scenario, rate, rollouts, make, good=not extra, bad=bool(extra))
    make = _failing(_after_an_hour, HOUR + HALF, least=HOUR + HALF)
    # Four minutes of it: fewer than ten requests a second are too few to tell in that time.
    yield Cell("errors", "good for an hour, then canary +20 pp", rate, rollouts, make, bad=rate >= 10)


def _failing(
    shares: Shares, checks: int = RAMP_CHECKS, least: int = RAMP_CHECKS
) -> Callable[[Cell, np.random.Generator], dict[str, Result]]:
    """``least``: the check before which nothing is promoted."""

    def make(cell: Cell, rng: np.random.Generator) -> dict[str, Result]:
        requests = failures(rng, cell.rollouts, cell.rate, shares, checks)
        return _judge_failures(cell, rng, requests, peers_too=checks == RAMP_CHECKS, least=least)

    return make


def _cold(cell: Cell, rng: np.random.Generator) -> dict[str, Result]:
    requests = failures(rng, cell.rollouts, cell.rate, _steady(0.005, 0.005), RAMP_CHECKS)
    cold = np.full(cell.rollouts, 3)
    for check in range(RAMP_CHECKS):
        turned = np.minimum(requests.canary[:, check, 1], cold)
        requests.canary[:, check] += np.stack([turned, -turned], axis=-1)
        cold = cold - turned
    return _judge_failures(cell, rng, requests, peers_too=True)


def _judge_failures(
    cell: Cell, rng: np.random.Generator, requests: Requests, *, peers_too: bool, least: int = RAMP_CHECKS
) -> dict[str, Result]:
    def naming(cells: Counts) -> dict[str, int]:
        return {"requests": int(cells.sum()), "errors": int(cells[0])}

    verdicts = {"Slipway": ours.outcomes(ours.judge(requests, "error-rate", naming, least))}
    if peers_too:
        verdicts |= peers.error_rules(requests.canary)
    failed = np.cumsum(requests.canary[..., 0], axis=1)
    results = _results(verdicts, failed)
    if peers_too:
        share = float(requests.canary[..., 0].sum() / max(1, requests.canary.sum()))
        at, verdict = peers.argo_as_documented(rng, cell.rollouts, cell.rate, share)
        nothing = np.full(cell.rollouts, np.nan)
        results["Argo as documented"] = Result(verdict, (at + 1) * peers.LOOK_SECONDS, nothing)
    return results


def _timed(factor: float, common: float) -> Callable[[Cell, np.random.Generator], dict[str, Result]]:
    def cells(check: int) -> tuple[Floats, Floats]:
        slow = common if check >= HALF else 1.0
        return _latencies(slow), _latencies(slow * factor)

    def naming(cells: Counts) -> dict[str, int]:
        total = int(cells.sum())
        slower = total - np.cumsum(cells)[:-1]
        return {"timed": total} | {
            f"slower:{bound:g}": int(count) for bound, count in zip(LATENCY_BOUNDS, slower, strict=True)
        }

    def make(cell: Cell, rng: np.random.Generator) -> dict[str, Result]:
        requests = sorted_requests(rng, cell.rollouts, cell.rate, cells, RAMP_CHECKS)
        verdicts = {"Slipway": ours.outcomes(ours.judge(requests, "latency", naming))}
        verdicts |= peers.latency_rules(requests.canary, LATENCY_BOUNDS)
        return _results(verdicts, np.cumsum(requests.canary[..., 5:].sum(axis=-1), axis=1))

    return make


def _scored(
    stable: tuple[float, float], canary: tuple[float, float]
) -> Callable[[Cell, np.random.Generator], dict[str, Result]]:
    common = stable == canary

    def cells(check: int) -> tuple[Floats, Floats]:
        if common:
            both = _scores(*(stable if check >= HALF else (2, 5)))
            return both, both
        return _scores(*stable), _scores(*canary)

    def naming(cells: Counts) -> dict[str, int]:
        below = np.cumsum(cells)[_GRID]
        return {"scored": int(cells.sum())} | {
            f"score:{cut:g}": int(count) for cut, count in zip(_CUTS, below, strict=True)
        }

    def make(cell: Cell, rng: np.random.Generator) -> dict[str, Result]:
        requests = sorted_requests(rng, cell.rollouts, cell.rate, cells, RAMP_CHECKS)
        verdicts = {"Slipway": ours.outcomes(ours.judge(requests, "predictions", naming))}
        tenths = [np.add.reduceat(part, _TENTHS, axis=-1) for part in (requests.stable, requests.canary)]
        verdicts |= peers.score_rules(*tenths)
        return _results(verdicts, np.full(requests.canary.shape[:2], np.nan))

    return make


def _results(verdicts: dict[str, peers.Verdicts], failed: Counts | Floats) -> dict[str, Result]:
    return {
        method: _result(last, verdict, failed, checks=1 if method == "Slipway" else 2)
        for method, (last, verdict) in verdicts.items()
    }


def _result(last: np.ndarray, verdict: np.ndarray, failed: Counts | Floats, checks: int) -> Result:
    """``last`` counts looks of so many checks each."""
    at = (last + 1) * checks - 1
    return Result(verdict, (at + 1) * SECONDS, np.take_along_axis(failed.astype(float), at[:, None], 1)[:, 0])


def _steady(stable: float, canary: float) -> Shares:
    return lambda _rng, shape: (np.full(shape, stable), np.full(shape, canary))


def _outage(extra: float) -> Shares:
    def shares(_rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Floats, Floats]:
        both = np.full(shape, 0.005)
        both[:, HISTORY + HALF :] = 0.10
        return both, both + extra

    return shares


def _bursts(*, common: bool) -> Shares:
    def shares(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Floats, Floats]:
        stable = np.where(rng.random(shape) < 0.1, 0.10, 0.005)
        return stable, stable if common else np.where(rng.random(shape) < 0.1, 0.10, 0.005)

    return shares


def _one_check(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    canary = np.full(shape, 0.005)
    at = rng.integers(HISTORY, shape[1], shape[0])
    canary[np.arange(shape[0]), at] = 0.5
    return np.full(shape, 0.005), canary


def _late(_rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    canary = np.full(shape, 0.005)
    canary[:, HISTORY + HALF :] = 0.055
    return np.full(shape, 0.005), canary


def _after_an_hour(_rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    canary = np.full(shape, 0.005)
    canary[:, HISTORY + HOUR :] = 0.205
    return np.full(shape, 0.005), canary


def _latencies(factor: float) -> Floats:
    below = stats.norm.cdf((np.log(LATENCY_BOUNDS) - np.log(0.020 * factor)) / _SIGMA)
    return np.diff(np.concatenate([[0.0], below, [1.0]]))


def _scores(a: float, b: float) -> Floats:
    return np.diff(np.concatenate([[0.0], stats.beta.cdf(_FINE, a, b), [1.0]]))


def _psi_of(a: float) -> float:
    q = np.diff(np.concatenate([[0.0], stats.beta.cdf(_DECILES, a, 5), [1.0]]))
    return float(np.sum((q - 0.1) * np.log(q / 0.1)))
