"""All watched kinds together: their stores, and what keeps them like the cluster."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from slipway_operator.api import names
from slipway_operator.cluster.cache.reflector import Reflector, Sweeper
from slipway_operator.cluster.cache.store import State, Store
from slipway_operator.cluster.cache.watched import WATCHED
from slipway_operator.cluster.client import Client
from slipway_operator.cluster.kinds import MODEL_DEPLOYMENT, Kind

Json = dict[str, Any]


class Cache:
    """What the cluster holds, as far as it is watched."""

    def __init__(self, changed: Callable[[Kind, Json, bool], None]) -> None:
        """``changed`` is told every object that came, went or says something else, and whether it is there now."""
        self._stores = {
            part.kind: Store(partial(changed, part.kind), part.trim, part.by, optional=part.optional)
            for part in WATCHED
        }
        self._only_ours = {part.kind for part in WATCHED if part.only_ours}

    def store(self, kind: Kind) -> Store | None:
        """The store of a kind; None if it is not watched."""
        return self._stores.get(kind)

    def whole(self, kind: Kind) -> Store | None:
        """The store of a kind of which everything is watched."""
        return None if kind in self._only_ours else self._stores.get(kind)

    def unserved(self) -> list[Kind]:
        """The kinds that the cluster does not know."""
        return [kind for kind, store in self._stores.items() if store.state is State.ABSENT]

    def see(self, kind: Kind, change: str | None, body: Json) -> None:
        """What a watch of somebody else's says."""
        if change == "DELETED":
            self._stores[kind].remove(body)
        else:
            self._stores[kind].put(body)

    async def run(self, client: Client, listed: asyncio.Event) -> None:
        """Follow all kinds until cancelled; ``listed`` is set when all of them have been listed once."""
        reflectors = [self._reflector(client, kind, store) for kind, store in self._stores.items()]
        async with asyncio.TaskGroup() as group:
            for reflector in reflectors:
                group.create_task(reflector.run())
            for reflector in reflectors:
                await reflector.listed.wait()
            listed.set()

    def _reflector(self, client: Client, kind: Kind, store: Store) -> Reflector:
        if kind is MODEL_DEPLOYMENT:  # Kopf's
            return Sweeper(client, kind, store)
        return Reflector(client, kind, store, names.LABEL_DEPLOYMENT if kind in self._only_ours else None)
