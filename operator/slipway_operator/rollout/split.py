"""Traffic splits in millionths, and the hitless way from one to another.

A gateway drops a backend's cluster before, or warms it after, the route that names it changes: a direct switch
through weight 0 loses requests (measured on Envoy Gateway: 8 of 9,000). So a backend enters at one millionth and
leaves through one millionth, and the set of backends changes only once the last change was seen to take.
"""

from collections.abc import Mapping

WHOLE = 1_000_000
LEAST = 1
PERCENT = WHOLE // 100

Split = Mapping[str, int]
"""Revision → millionths; sums to WHOLE; a revision that is absent gets nothing."""


def make_split(stable: str, canary: str | None = None, percent: int = 0) -> dict[str, int]:
    """The split that gives ``percent`` to the canary and the rest to stable."""
    if canary is None or percent == 0:
        return {stable: WHOLE}
    if percent == 100:
        return {canary: WHOLE}
    return {stable: WHOLE - percent * PERCENT, canary: percent * PERCENT}


def normalised(weights: Split) -> dict[str, int] | None:
    """The split that these weights mean, whatever they add up to; None where nobody gets anything."""
    total = sum(weights.values())
    if not total:
        return None
    shares = {name: weight * WHOLE // total for name, weight in weights.items()}
    shares[max(shares, key=lambda name: shares[name])] += WHOLE - sum(shares.values())
    return {name: share for name, share in shares.items() if share}


def next_split(current: Split, wanted: Split) -> dict[str, int]:
    """The next split to write on the way from ``current`` to ``wanted``; ``wanted`` itself at the end of the way.

    Newcomers first enter at the least weight, then everything moves but for those that leave, which keep the
    least weight, and last they are dropped.
    """
    if not current:
        return dict(wanted)
    newcomers = [name for name in wanted if name not in current]
    if newcomers:
        return _rest_to_largest(dict(current), newcomers)
    leavers = [name for name in current if name not in wanted]
    if any(current[name] > LEAST for name in leavers):
        return _rest_to_largest(dict(wanted), leavers)
    return dict(wanted)


def _rest_to_largest(split: dict[str, int], least: list[str]) -> dict[str, int]:
    """``split`` with the names of ``least`` at the least weight, taken from its largest member."""
    largest = max(split, key=lambda name: split[name])
    split[largest] -= LEAST * len(least)
    return split | dict.fromkeys(least, LEAST)
