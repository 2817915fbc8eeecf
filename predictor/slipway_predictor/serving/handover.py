"""KServe's server, imported only once the model is ready: the import takes longer than all of a start before it.

A request that the fast lane does not take goes through it to the model; one that comes before the import is done goes
there without it.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from slipway_predictor.serving.garbage import kept
from slipway_predictor.serving.waiting import in_thread

if TYPE_CHECKING:
    from slipway_predictor.serving.dataplane import BundleDataPlane

_SWITCH = 0.0005  # seconds an import may keep the interpreter from the event loop; usual are 5 ms


class Handover:
    """The data plane that `make`, called in a thread, returns."""

    def __init__(self, make: "Callable[[], BundleDataPlane]") -> None:
        self._make = make
        self._made: asyncio.Future[BundleDataPlane] | None = None

    @property
    def made(self) -> "BundleDataPlane | None":
        """The data plane, once it is there."""
        made = self._made
        return None if made is None or not made.done() or made.cancelled() else made.result()

    async def dataplane(self) -> "BundleDataPlane":
        """Have it made, if that has not begun yet, and wait for it. Raises what kept it from being made."""
        if self._made is None:
            self._made = in_thread(self._giving_way)
        return await asyncio.shield(self._made)

    def _giving_way(self) -> "BundleDataPlane":
        usual = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH)
        try:
            with kept():
                return self._make()
        finally:
            sys.setswitchinterval(usual)
