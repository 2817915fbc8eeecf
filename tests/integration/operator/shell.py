"""The operator without its process, on a real API server: what it remembers can be taken from it at any moment.

KServe, the kubelet and the gateway are the benchmark's stand-in: they say at once that everything is ready.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import aiohttp

from slipway_operator.calls.addresses import Guard
from slipway_operator.cluster.cache.client import CachedClient
from slipway_operator.cluster.claims import Key
from slipway_operator.cluster.client import Client
from slipway_operator.cluster.kinds import MODEL_DEPLOYMENT
from slipway_operator.cluster.wiring import Wiring
from slipway_operator.gating import Gating
from slipway_operator.measuring import Measuring
from slipway_operator.queue import Runner
from slipway_operator.reconcile import Reconciler
from slipway_operator.settings import Settings


@dataclass
class Shell:
    """What outlives an operator here: the cache, which is filled from the cluster anyway."""

    direct: Client
    settings: Settings
    runners: dict[Key, Runner[Key]] = field(default_factory=dict)
    everybodys: Runner[Key] | None = None

    def __post_init__(self) -> None:
        self.wiring = Wiring(self.settings, self.look_at)

    def look_at(self, key: Key) -> None:
        """Somebody is to look at this one."""
        runner = self.runners.get(key, self.everybodys)
        if runner:
            runner.add(key)

    @contextlib.asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """The watches, Kopf's too."""
        listed = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self.wiring.cache.run(self.direct, listed)),
                group.create_task(self._kopf()),
            ]
            await asyncio.wait_for(listed.wait(), 20)
            yield
            for task in tasks:
                task.cancel()

    @contextlib.asynccontextmanager
    async def operator(
        self, client: CachedClient, begin: Callable[[Runner[Key]], None]
    ) -> AsyncIterator[Runner[Key]]:
        """One operator's life; ``begin`` is given its queue. Whatever it remembers dies with it."""
        async with contextlib.AsyncExitStack() as stack:
            session = await stack.enter_async_context(aiohttp.ClientSession())
            guard = Guard(loopback=True)
            measuring = await stack.enter_async_context(Measuring(client, guard))
            gating = Gating(client, self.look_at, guard)
            stack.push_async_callback(gating.close)
            reconciler = Reconciler(client, session, self.settings, self.wiring.claims, gating, measuring)
            runner: Runner[Key] = Runner(reconciler)
            begin(runner)
            task = asyncio.create_task(runner.run())
            yield runner
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _kopf(self) -> None:
        """In Kopf's place: the watch of ModelDeployments."""
        while True:
            with contextlib.suppress(Exception):
                bodies, version = await self.direct.everything(MODEL_DEPLOYMENT)
                for body in bodies:
                    self.wiring.cache.see(MODEL_DEPLOYMENT, None, body)
                async for change, body in self.direct.watch(MODEL_DEPLOYMENT, version, 300):
                    self.wiring.cache.see(MODEL_DEPLOYMENT, change, body)
            await asyncio.sleep(0.1)
