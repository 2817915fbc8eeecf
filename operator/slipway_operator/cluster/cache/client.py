"""A client that reads from memory what is watched, and whose own writes are seen at once.

Everything that reads or writes objects goes on as with the plain client, and need not know.
"""

from collections.abc import Callable

from slipway_operator.api import names
from slipway_operator.cluster.cache.cache import Cache
from slipway_operator.cluster.cache.recent import Recent
from slipway_operator.cluster.cache.store import State
from slipway_operator.cluster.client import Client, Json
from slipway_operator.cluster.kinds import Kind

RECENT = 5.0
"""Seconds that a list of what is not watched may be old: the proxies of a gateway."""


class CachedClient(Client):
    """Reads raise ``UnlistedError`` where nobody knows yet what there is."""

    def __init__(self, direct: Client, cache: Cache, may_write: Callable[[], None] = lambda: None) -> None:
        """``may_write`` is asked before every write, and raises where it is somebody else's turn."""
        super().__init__(direct.api)
        self._cache = cache
        self._may_write = may_write
        self._recent: Recent[list[Json]] = Recent(RECENT)

    async def get(self, kind: Kind, namespace: str | None, name: str) -> Json | None:
        """The object; None where there is none, or where its kind is not installed."""
        store = self._cache.whole(kind)
        return store.get(namespace, name) if store else await super().get(kind, namespace, name)

    async def serves(self, kind: Kind) -> bool:
        """Whether the cluster knows the kind at all."""
        store = self._cache.store(kind)
        return store.state is not State.ABSENT if store else await super().serves(kind)

    async def list(self, kind: Kind, namespace: str | None = None, labels: str | None = None) -> list[Json]:
        """The objects of a namespace (or of all) that the label selector takes."""
        wanted = dict(part.split("=", 1) for part in labels.split(",")) if labels else {}
        ours = names.LABEL_DEPLOYMENT in wanted
        store = self._cache.store(kind) if ours else self._cache.whole(kind)
        if store and wanted:
            return store.find(namespace, wanted)
        listing = super().list
        return await self._recent.get((kind, namespace, labels), lambda: listing(kind, namespace, labels))

    async def read(self, kind: Kind, namespace: str, name: str) -> Json | None:
        """The object as the API server has it now; the cache learns it, too."""
        found = await super().get(kind, namespace, name)
        store = self._cache.store(kind)
        if store and found:
            store.put(found)
        elif store and (known := store.get(namespace, name)):
            store.remove(known)
        return found

    async def create(self, kind: Kind, body: Json, *, dry_run: bool = False) -> Json:
        """Create the object."""
        self._may_write()
        answer = await super().create(kind, body, dry_run=dry_run)
        return answer if dry_run else self._learn(kind, answer)

    async def apply(self, kind: Kind, body: Json) -> Json:
        """Server-side apply: what ``body`` holds is ours, whoever else wrote there."""
        self._may_write()
        return self._learn(kind, await super().apply(kind, body))

    async def merge(self, kind: Kind, namespace: str, name: str, patch: Json) -> Json:
        """JSON merge patch."""
        self._may_write()
        return self._learn(kind, await super().merge(kind, namespace, name, patch))

    async def replace_spec(self, kind: Kind, namespace: str, name: str, spec: Json) -> Json:
        """Write the whole spec and nothing else."""
        self._may_write()
        return self._learn(kind, await super().replace_spec(kind, namespace, name, spec))

    async def replace_status(self, kind: Kind, body: Json) -> Json:
        """Write the status if the object is still the one that was read (else ApiError 409)."""
        self._may_write()
        return self._learn(kind, await super().replace_status(kind, body))

    async def delete(self, kind: Kind, namespace: str, name: str) -> Json | None:
        """Delete the object and, in the background, what it owns; no error where there is none."""
        self._may_write()
        leaving = await super().delete(kind, namespace, name)
        store = self._cache.store(kind)
        if leaving:
            return self._learn(kind, leaving)
        if store and (known := store.get(namespace, name)):
            store.remove(known)
        return None

    def _learn(self, kind: Kind, answer: Json) -> Json:
        store = self._cache.store(kind)
        if store:
            store.put(answer)
        return answer
