"""Following one kind: a list of everything, then a watch, and after a while all over again.

The list is the truth and the watch only makes it timely: whatever a watch drops, delays or brings out of order is set
right by the next list. So what is known of any kind is never older than ``WINDOW``, plus the time that the API server
takes to answer; where it is away, nothing can be written either.
"""

import asyncio
import logging
import random

import aiohttp

from slipway_operator.cluster.cache.store import State, Store
from slipway_operator.cluster.client import ApiError, Client
from slipway_operator.cluster.kinds import Kind

WINDOW = 300.0
"""Seconds from one list to the next at most: the bound of every staleness."""
BREATH = 1.0
"""From one list to the next at least, whatever ends the watch."""
LONGEST_PAUSE = 30.0

logger = logging.getLogger(__name__)


class Reflector:
    """Keeps a store like the cluster."""

    def __init__(
        self, client: Client, kind: Kind, store: Store, labels: str | None = None, window: float = WINDOW
    ) -> None:
        self._client = client
        self._kind = kind
        self._store = store
        self._labels = labels
        self._window = window
        self._failures = 0
        self.listed = asyncio.Event()
        """Set when it is known for the first time what there is."""

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                await self._once()
                pause = BREATH
            except (ApiError, aiohttp.ClientError, TimeoutError, ValueError) as error:
                pause = self._note(error)
            await asyncio.sleep(pause)

    async def _once(self) -> None:
        bodies, version = await self._client.everything(self._kind, self._labels)
        self._store.replace(bodies, version)
        self._failures = 0
        self.listed.set()
        del bodies  # a watch lasts for minutes
        # Not all kinds in one moment, nor all operators.
        await self._follow(version, self._window * random.uniform(0.8, 1.0))  # noqa: S311

    async def _follow(self, version: str, seconds: float) -> None:
        async for change, body in self._client.watch(self._kind, version, int(seconds), self._labels):
            if change == "DELETED":
                self._store.remove(body)
            else:
                self._store.put(body)

    def _note(self, error: Exception) -> float:
        """Tell why following ended; returns the seconds until the next try."""
        if isinstance(error, ApiError) and error.status == 410:
            return BREATH  # the watch fell too far behind: the list makes up for it
        self._failures += 1
        if isinstance(error, ApiError) and error.status == 404:
            self._unserved()
            return LONGEST_PAUSE
        logger.warning("%s: %s: listing again", self._kind.plural, error or type(error).__name__)
        return float(min(BREATH * 2 ** (self._failures - 1), LONGEST_PAUSE))

    def _unserved(self) -> None:
        self._store.unserved()
        if self._store.state is State.ABSENT:
            self.listed.set()
        elif self._failures == 1:
            logger.error(
                "the cluster does not serve %s any more: nothing is decided until it does again",
                self._kind.plural,
            )


class Sweeper(Reflector):
    """For a kind that somebody else watches (Kopf): the list alone.

    Its first list comes before the other's first, and what is deleted in between nobody tells: so the second comes soon.
    """

    soon = 30.0

    async def _follow(self, version: str, seconds: float) -> None:  # noqa: ARG002
        pause, self.soon = min(self.soon, seconds), seconds
        await asyncio.sleep(pause)
