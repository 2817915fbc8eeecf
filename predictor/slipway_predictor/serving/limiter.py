"""How much may wait: a bound on the requests in the queue that follows from how long the answered ones took.

Additive increase, multiplicative decrease, as in congestion control: while answers come within the target the bound
grows, when they take longer it shrinks in proportion. A request beyond the bound is refused at once, so that the
admitted ones are answered in time and the model works on nothing that nobody waits for any more. It never shrinks below
what the model works off in a moment: where answers are late with so few waiting, somebody else has the processor, and
refusing would not make it come back sooner.
"""

from collections.abc import Callable

from slipway_predictor.engines import Cost

_TARGET = 0.05  # seconds a request may take, waiting included, unless the model alone takes longer
_STRETCH = (
    2.5  # how many times the model's own time a request may take: a running batch, then its own, and some
)
_MOMENT = 0.025  # seconds of the model's work that are never too much to wait for
_LEAST = 4
_MOST = 4096
_START = 64.0


class Limiter:
    """The bound and what waits; used from the event loop's thread alone."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._limit = _START
        self._least = float(_LEAST)
        self._alone = 0.0
        self._shrunk = 0.0
        self.waiting = 0

    def expect(self, cost: Cost) -> None:
        """Begin with a bound that fits a model whose calls take so long."""
        per_row = max(cost.per_row, 1e-9)
        self._limit = min(_MOST, max(_START, _TARGET / per_row))
        self._least = min(_START, max(_LEAST, (_MOMENT - cost.fixed) / per_row))

    @property
    def limit(self) -> int:
        """How many requests may wait."""
        return int(self._limit)

    @property
    def full(self) -> bool:
        """Whether the next request is to be refused."""
        return self.waiting >= self._limit

    def enter(self) -> bool:
        """Count a request; return whether it finds the queue empty."""
        self.waiting += 1
        return self.waiting == 1

    def leave(self, seconds: float, *, alone: bool) -> None:
        """Learn from a request that took `seconds`; `alone` is what `enter` returned for it."""
        self.waiting -= 1
        if alone:
            self._alone = seconds if not self._alone else 0.9 * self._alone + 0.1 * seconds
        target = max(_TARGET, _STRETCH * self._alone)
        if seconds <= target:
            if self.waiting >= self._limit / 2:
                self._limit = min(_MOST, self._limit + 1)
            return
        now = self._clock()
        if now - self._shrunk > seconds:  # once for all that waited together
            self._shrunk = now
            self._limit = max(self._least, self._limit * max(0.5, target / seconds))
