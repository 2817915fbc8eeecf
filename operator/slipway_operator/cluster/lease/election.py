"""Taking the lease, keeping it while working, and giving it back.

Who cannot renew it stops before another one may take it: after ten seconds the work is cancelled, and no write leaves
later than that, also where the whole process stood still meanwhile (``require`` is asked before each).
"""

import asyncio
import contextlib
import logging
import os
import socket
import uuid
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from time import monotonic

import aiohttp

from slipway_operator.cluster.client import ApiError, Client, Json
from slipway_operator.cluster.kinds import LEASE
from slipway_operator.cluster.lease.record import RENEW_DEADLINE, RETRY, Sight, held, holder, released

logger = logging.getLogger(__name__)
TROUBLE = (ApiError, aiohttp.ClientError, TimeoutError)


class NotLeaderError(Exception):
    """It is not, or no more, this operator's turn to write."""


class Election:
    """One operator's part in the election."""

    def __init__(self, client: Client, namespace: str, name: str) -> None:
        self._client = client
        self._namespace = namespace
        self._name = name
        self.identity = f"{os.environ.get('HOSTNAME') or socket.gethostname()}_{uuid.uuid4()}"
        self._sight = Sight()
        self._lease: Json | None = None
        """As we last wrote it."""
        self._until = 0.0
        """Until when, by our own clock, we may act."""

    def require(self) -> None:
        """Raises NotLeaderError where another one may be at work by now."""
        if monotonic() >= self._until:
            raise NotLeaderError(f"lease {self._namespace}/{self._name} is not held")

    async def run(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Wait for the lease, ``work`` while it is held, and over again, until cancelled. What ``work`` raises ends it."""
        while True:
            await self._win()
            logger.info("leading: lease %s/%s is held by %s", self._namespace, self._name, self.identity)
            try:
                await self._lead(work)
            finally:
                self._until = 0.0
                await self._release()
            logger.warning("lease %s/%s is lost: waiting for it", self._namespace, self._name)

    async def _win(self) -> None:
        while not await self._try():  # noqa: ASYNC110
            await asyncio.sleep(RETRY)  # another process changes it

    async def _lead(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Work until the lease is lost."""
        working = asyncio.create_task(work())
        try:
            while monotonic() < self._until:
                await asyncio.wait([working], timeout=RETRY)
                if working.done():
                    return
                await self._try()
        finally:
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working

    async def _try(self) -> bool:
        """Take the lease, or renew it; whether that has succeeded."""
        asked = monotonic()
        left = self._until - asked  # a renewal that is answered after the deadline came too late
        try:
            async with asyncio.timeout(left if left > 0 else RENEW_DEADLINE):
                self._lease = await self._renew() if self._lease else await self._take()
        except TROUBLE as error:
            if isinstance(error, ApiError) and error.status in (404, 409):
                self._lease = None  # somebody else wrote it: read it next time
            logger.warning("lease %s/%s: %s", self._namespace, self._name, error or type(error).__name__)
            return False
        self._until = asked + RENEW_DEADLINE if self._lease else 0.0
        return self._lease is not None

    async def _renew(self) -> Json:
        """Without reading it first: it is as we wrote it, or else the API server says that it is not."""
        return await self._client.replace(LEASE, held(self._lease or {}, self.identity, datetime.now(UTC)))

    async def _take(self) -> Json | None:
        lease = await self._client.get(LEASE, self._namespace, self._name)
        now = datetime.now(UTC)
        if lease is None:
            head = {"apiVersion": LEASE.api_version, "kind": LEASE.name}
            metadata = {"namespace": self._namespace, "name": self._name}
            return await self._client.create(LEASE, held({**head, "metadata": metadata}, self.identity, now))
        if holder(lease) != self.identity and not self._sight.is_free(lease, monotonic()):
            return None
        return await self._client.replace(LEASE, held(lease, self.identity, now))

    async def _release(self) -> None:
        """So that nobody has to wait for a lease that nobody needs."""
        if self._lease:
            with contextlib.suppress(*TROUBLE):
                async with asyncio.timeout(RETRY):
                    await self._client.replace(LEASE, released(self._lease, datetime.now(UTC)))
        self._lease = None
