"""Logging: plain lines on stderr, warnings only from the libraries, no line per request.

KServe's SDK would log six lines a request and configure colours and an access log; it leaves a logger alone that has
a handler, so ours is put there first.
"""

import logging
import sys
import warnings
from collections.abc import Hashable

LOGGER = "slipway"
_LIBRARIES = ("py.warnings", "kserve", "kserve.trace", "uvicorn", "uvicorn.error", "asyncio")


def configure() -> None:
    """Send log lines to stderr, and hush what talks too much. Safe to call twice."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.captureWarnings(True)
    # requests, which KServe's SDK imports, ignores this one too, but late: in a thread of its own, where that may be undone.
    warnings.filterwarnings("ignore", message="SOCKS support in urllib3")
    own = logging.getLogger(LOGGER)
    own.handlers, own.propagate = [handler], False
    own.setLevel(logging.INFO)
    for name in _LIBRARIES:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.WARNING)
    access = logging.getLogger("uvicorn.access")
    access.handlers, access.propagate = [], False


class Once:
    """Remembers what was said in full already, so that a flood of equal failures is not a flood of tracebacks."""

    def __init__(self, limit: int = 100) -> None:
        self._seen: set[Hashable] = set()
        self._limit = limit

    def first(self, key: Hashable) -> bool:
        """Return whether `key` is new; after `limit` different ones nothing is."""
        if key in self._seen or len(self._seen) >= self._limit:
            return False
        self._seen.add(key)
        return True
