"""What earlier checks of stable let one expect of the next: a forgetting average of its share.

Only stable is looked at, and only before the check: the guess that an e-value is built on must not know what it
will be tested with.
"""

from typing import NamedTuple

from slipway_operator.rollout.sequential.evalue import Share

HALF_LIFE_CHECKS = 4
HALF_LIFE_REQUESTS = 200.0
"""What was seen counts half after four checks, or after 200 requests where those take longer."""


class Forecast(NamedTuple):
    """A weighted count of stable's hits and requests."""

    hits: float = 0.0
    of: float = 0.0

    @property
    def share(self) -> float:
        """The share to expect; 1/2 as long as nothing was seen (Jeffreys' half of a hit, of one request)."""
        return (self.hits + 0.5) / (self.of + 1.0)

    def after(self, stable: Share) -> "Forecast":
        """The forecast for the check after one in which stable had ``stable``."""
        keep = max(0.5 ** (1 / HALF_LIFE_CHECKS), 0.5 ** (stable.of / HALF_LIFE_REQUESTS))
        return Forecast(self.hits * keep + stable.hits, self.of * keep + stable.of)


def seeded(history: Share) -> Forecast:
    """A forecast from requests before the first check; many of them weigh no more than two half-lives of checks."""
    most = 2 * HALF_LIFE_REQUESTS
    return Forecast(*(history if history.of <= most else history.over(history.of / most)))
