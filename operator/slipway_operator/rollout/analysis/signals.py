"""Which shares each metric looks at, and with which margins.

Counters have names: ``errors`` of ``requests``; ``slower:0.025`` of ``timed`` (seconds); ``rejected`` of ``asked`` (by
the predictor, where ``requests`` may be the gateway's), and so ``fallbacks``; ``score:0.35`` of ``scored`` (predictions
at or below). A metric whose counters are not reported by both revisions has no evidence.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial

from slipway_operator.api.analysis import Metric
from slipway_operator.api.evidence import MixtureEvidence, ShareEvidence, SignalEvidence
from slipway_operator.rollout.analysis.counting import Totals
from slipway_operator.rollout.sequential.evalue import Share
from slipway_operator.rollout.sequential.forecast import seeded
from slipway_operator.rollout.sequential.process import NEVER, PASSES
from slipway_operator.rollout.sequential.signal import Minimum

ERRORS, LATENCY, FALLBACKS = "error-rate", "latency", "fallbacks"
REJECTIONS, PREDICTIONS = "rejections", "predictions"
SELF_REPORTED = (FALLBACKS, REJECTIONS, PREDICTIONS)
"""What only the predictor can know."""
DRY = (REJECTIONS, PREDICTIONS)
"""They do not decide unless the user says so."""
ASKED, REJECTED = "asked", "rejected"
SLOWER, SCORE = "slower:", "score:"
LEAST_HISTORY = 20
"""Stable's requests before it can be said what to expect of it."""
LEAST_TIMED = 100
"""And of its latency, whose 99th percentile one request in a hundred makes."""
HEADROOM = 1.25
"""A request is slow above the first bound that is so many times stable's usual quantile."""
SHORTEST = 0.005
"""Seconds; below this no difference in latency matters by default."""
QUANTILES = (0.5, 0.95, 0.99)
MEDIAN_TOLERANCE, MEDIAN_REJECT = 5, 3
"""How many times the tail's margins the median's are: half of all requests lie near it."""


@dataclass(frozen=True)
class Kind:
    """A metric's defaults, in percentage points, and the rule below which it never fails."""

    tolerance: float
    reject: float
    minimum: Minimum
    alternatives: int


KINDS: dict[str, Kind] = {
    "error-rate": Kind(0.5, 2.0, Minimum(10, 3), 12),
    "latency": Kind(1.0, 5.0, Minimum(20), 12),
    "fallbacks": Kind(1.0, 5.0, Minimum(10, 3), 12),
    "rejections": Kind(1.0, 5.0, Minimum(10, 3), 12),
    "predictions": Kind(10.0, 20.0, Minimum(20), 5),
}


def begin(metric: Metric, stable: Totals) -> SignalEvidence | None:
    """The metric's tests with no evidence yet; None while ``stable``'s history does not say what to look at."""
    shares = _SHARES[metric.name](metric, stable)
    return SignalEvidence(metric=metric.name, shares=shares, stable=[0, 0], canary=[0, 0]) if shares else None


def is_dry(metric: Metric) -> bool:
    """Whether the metric only tells: where a better model is another one does, unless the user says that it decides."""
    return metric.name in DRY if metric.dry_run is None else metric.dry_run


def applies(metric: Metric, begun: Collection[str], stable: Totals, canary: Totals) -> bool:
    """Whether there is anything to compare: a contract without defaults leaves nothing to count, of either."""
    if metric.name != FALLBACKS:
        return True
    counted = FALLBACKS in stable or FALLBACKS in begun
    return counted and (FALLBACKS in canary or ASKED not in canary)


def margins(metric: Metric) -> tuple[float, float]:
    """Tolerated and excluded difference of shares, in [0, 1], defaults filled in."""
    kind, (tolerance, reject) = KINDS[metric.name], (metric.tolerance, metric.reject)
    if tolerance is None:
        tolerance = kind.tolerance if reject is None else min(kind.tolerance, reject / 2)
    if reject is None:
        reject = max(kind.reject, 2 * tolerance)
    return tolerance / 100, reject / 100


def _errors(metric: Metric, stable: Totals) -> list[ShareEvidence]:
    if stable.get("requests", 0) < LEAST_HISTORY:
        return []
    return [_share(metric, stable, "errors", "requests")]


def _latency(metric: Metric, stable: Totals) -> list[ShareEvidence]:
    if stable.get("timed", 0) < LEAST_TIMED:
        return []
    slower = {bound: stable[f"{SLOWER}{bound}"] / stable["timed"] for bound in _numbers(stable, SLOWER)}
    chosen: dict[str, tuple[int, int]] = {}
    for quantile in QUANTILES:
        bound = _bound(slower, quantile)
        factors = (MEDIAN_TOLERANCE, MEDIAN_REJECT) if quantile == QUANTILES[0] else (1, 1)
        if bound:
            chosen[bound] = factors  # a bound that serves two quantiles has the tail's margins
    return [_share(metric, stable, f"{SLOWER}{bound}", "timed", factors) for bound, factors in chosen.items()]


def _bound(slower: dict[str, float], quantile: float) -> str | None:
    """The first bound with headroom over this quantile of stable's latencies; None beyond the last."""
    usual = next((float(bound) for bound, share in slower.items() if share <= 1 - quantile), None)
    if usual is None:
        return None
    # Nobody knows where in its bucket the quantile lies: its upper bound is the cautious guess.
    least = max(usual * HEADROOM, SHORTEST)
    return next((bound for bound in slower if float(bound) >= least), None)


def _predictions(metric: Metric, stable: Totals) -> list[ShareEvidence]:
    if stable.get("scored", 0) < LEAST_HISTORY:
        return []
    cuts = [cut for cut in _numbers(stable, SCORE) if stable[f"{SCORE}{cut}"] < stable["scored"]]
    return [
        _share(metric, stable, f"{SCORE}{cut}", "scored", complement=complement)
        for cut in cuts
        for complement in (False, True)
    ]


def _of_asked(key: str, metric: Metric, stable: Totals) -> list[ShareEvidence]:
    if key not in stable or stable.get(ASKED, 0) < LEAST_HISTORY:
        return []
    return [_share(metric, stable, key, ASKED)]


def _share(
    metric: Metric,
    stable: Totals,
    key: str,
    of: str,
    factors: tuple[int, int] = (1, 1),
    *,
    complement: bool = False,
) -> ShareEvidence:
    tolerated, excluded = margins(metric)
    history = Share(stable[key], stable[of])
    forecast = seeded(history.complement() if complement else history)
    return ShareEvidence(
        key=key,
        of=of,
        complement=complement,
        tolerated=min(tolerated * factors[0], 0.5),
        excluded=min(excluded * factors[1], 0.9),
        forecast=list(forecast),
        worse=MixtureEvidence(total=0.0, weights=[NEVER] * KINDS[metric.name].alternatives, asleep=0.0),
        alike=MixtureEvidence(total=0.0, weights=[0.0] * PASSES),
    )


def _numbers(stable: Totals, prefix: str) -> Iterable[str]:
    """The bounds in the counters' names, in rising order."""
    return sorted((key.removeprefix(prefix) for key in stable if key.startswith(prefix)), key=float)


_SHARES: dict[str, Callable[[Metric, Totals], list[ShareEvidence]]] = {
    ERRORS: _errors,
    LATENCY: _latency,
    FALLBACKS: partial(_of_asked, FALLBACKS),
    REJECTIONS: partial(_of_asked, REJECTED),
    PREDICTIONS: _predictions,
}
