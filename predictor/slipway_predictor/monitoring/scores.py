"""The buckets of the scores' histogram: those of the training data, so that a drift shows as mass that moves."""

from typing import Any

from slipway_predictor.monitoring.metrics import PROBABILITIES

_DECADES = [10.0**power for power in range(-3, 7)]
_ANYTHING = (*(-bound for bound in reversed(_DECADES)), 0.0, *_DECADES)


def score_bounds(outputs: list[str], reference: dict[str, Any] | None) -> tuple[float, ...]:
    """Return rising upper bounds: 0.05 to 1 for probabilities; for values and scores their quantiles in the training data.

    `reference`: the bundle's reference distributions, if it has them; without, they fall into decades.
    """
    name = next(
        (name for name in ("value", "score") if name in outputs and "probability" not in outputs), None
    )
    if name is None:
        return PROBABILITIES
    try:
        known = reference["outputs"][name]["quantiles"][0] if reference else []
        bounds = tuple(sorted({float(bound) for bound in known}))
    except (KeyError, TypeError, IndexError, ValueError):
        return _ANYTHING
    return bounds if len(bounds) > 1 else _ANYTHING
