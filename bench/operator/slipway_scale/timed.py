"""The operator's own program with a stopwatch: every reconcile and every request is a line in a file.

``python -m slipway_scale.timed FILE``. A line is the wall clock, what it was, how long it took, and of what.
"""

import sys
import time
from typing import Any, TextIO

from slipway_operator.cluster.client import Client
from slipway_operator.main import main
from slipway_operator.reconcile import Reconciler


class Stopwatch:
    """Writes lines, once a second: the operator shares its core with this."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._flushed = 0.0

    def note(self, what: str, seconds: float, of: str) -> None:
        """One line. The renewals of the lease see to it that there is always a next one."""
        now = time.time()
        self._out.write(f"{now:.3f} {what} {seconds:.4f} {of}\n")
        if now - self._flushed > 1:
            self._out.flush()
            self._flushed = now


def install(stopwatch: Stopwatch) -> None:
    """Put the stopwatch on."""
    reconcile, send = Reconciler.__call__, Client._send

    async def timed_reconcile(self: Reconciler, key: tuple[str, str]) -> float | None:
        begin = time.perf_counter()
        try:
            return await reconcile(self, key)
        finally:
            stopwatch.note("reconcile", time.perf_counter() - begin, "/".join(key))

    async def counted_send(self: Client, method: str, path: str, *args: Any, **options: Any) -> Any:
        stopwatch.note(method, 0, path)
        return await send(self, method, path, *args, **options)

    Reconciler.__call__ = timed_reconcile  # type: ignore[method-assign]
    Client._send = counted_send  # type: ignore[method-assign]


if __name__ == "__main__":
    with open(sys.argv[1], "a", buffering=2**16) as lines:
        install(Stopwatch(lines))
        main(["run"])
