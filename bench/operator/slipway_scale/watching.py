"""What a client sees of the ModelDeployments, and when."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from slipway_operator.cluster.cache.reflector import Reflector
from slipway_operator.cluster.cache.store import Store
from slipway_operator.cluster.client import Client
from slipway_operator.cluster.kinds import MODEL_DEPLOYMENT

Json = dict[str, Any]


@dataclass
class Watching:
    """The present state of all, and how late their steps were."""

    client: Client
    seen: dict[str, Json] = field(default_factory=dict)
    lateness: list[float] = field(default_factory=list)
    """Seconds from the end of a step's hold until the next step stood in the status."""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Watch for as long as the block runs."""
        reflector = Reflector(self.client, MODEL_DEPLOYMENT, Store(self._note))
        task = asyncio.create_task(reflector.run())
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def until(self, reached: Callable[[Json], bool], count: int, seconds: float) -> float:
        """Wait until ``count`` of them are as wanted; returns the seconds that it took. Raises TimeoutError."""
        begin = time.monotonic()
        async with asyncio.timeout(seconds):
            while sum(map(reached, self.seen.values())) < count:
                self._changed.clear()
                await self._changed.wait()
                await asyncio.sleep(0.05)
        return time.monotonic() - begin

    def _note(self, body: Json, there: bool) -> None:  # noqa: ARG002
        name = body["metadata"]["name"]
        before, after = _step(self.seen.get(name, {})), _step(body)
        if before and after and after["index"] > before["index"] and "holdUntil" in before:
            self.lateness.append(time.time() - datetime.fromisoformat(before["holdUntil"]).timestamp())
        self.seen[name] = body
        self._changed.set()


def _step(body: Json) -> Json | None:
    step: Json | None = body.get("status", {}).get("step")
    return step


def healthy(version: int) -> Callable[[Json], bool]:
    """Whether this version serves and nothing is on its way."""

    def reached(body: Json) -> bool:
        status = body.get("status", {})
        stable = status.get("stable", {})
        return bool(status.get("phase") == "Healthy" and stable.get("version") == str(version))

    return reached
