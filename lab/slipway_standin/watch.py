"""A reflector: the objects of one kind as the cluster holds them, and a call for each change.

Lists, then watches from the list's version; a watch that ends is taken up where it stopped, an expired one (410)
and any error start over with a list, after a growing pause. The new list is compared with what was known, so a
change is never missed and never told twice.
"""

import asyncio
import logging
from collections.abc import Callable

import aiohttp

from slipway_standin.api import Api, ApiError
from slipway_standin.kinds import Kind
from slipway_standin.objects import Key, Obj, key_of
from slipway_standin.queue import pause_after

_log = logging.getLogger(__name__)

Seen = Callable[[Obj | None, Obj | None], None]


class Reflector:
    """Follows one kind; ``seen(old, new)`` is called for each change (None: was not there, is gone)."""

    def __init__(self, api: Api, kind: Kind, seen: Seen, selector: str = "") -> None:
        self._api = api
        self._kind = kind
        self._seen = seen
        self._selector = selector
        self.objects: dict[Key, Obj] = {}
        self.synced = asyncio.Event()

    async def run(self) -> None:
        """Follow for ever."""
        failures = 0
        while True:
            try:
                version = await self._relist()
                failures = 0
                while True:
                    version = await self._follow(version)
            except ApiError as error:
                failures = 0 if error.code == 410 else failures + 1
                reason = self._absent() if error.code == 404 else str(error)
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                failures, reason = failures + 1, f"{type(error).__name__}: {error}"
            if failures:
                _log.warning("watching %s: %s: trying again", self._kind.plural, reason)
                await asyncio.sleep(pause_after(failures))

    async def _relist(self) -> str:
        listed = await self._api.list(self._kind, selector=self._selector)
        present = {key_of(item): item for item in listed["items"]}
        for key in [key for key in self.objects if key not in present]:
            self._seen(self.objects.pop(key), None)
        for key, item in present.items():
            self._keep(key, item)
        self.synced.set()
        return str(listed["metadata"]["resourceVersion"])

    async def _follow(self, version: str) -> str:
        async for change, obj in self._api.watch(self._kind, version, self._selector):
            version = obj["metadata"]["resourceVersion"]
            if change == "DELETED":
                self._seen(self.objects.pop(key_of(obj), obj), None)
            elif change != "BOOKMARK":
                self._keep(key_of(obj), obj)
        return version

    def _keep(self, key: Key, obj: Obj) -> None:
        old = self.objects.get(key)
        self.objects[key] = obj
        if old is None or old["metadata"]["resourceVersion"] != obj["metadata"]["resourceVersion"]:
            self._seen(old, obj)

    def _absent(self) -> str:
        group = self._kind.prefix.removeprefix("apis/")
        return f"this cluster does not serve {self._kind.plural}.{group}: install its CRD"
