"""Answers that may be a few seconds old, for what is asked often by many and changes rarely."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """Asks once for all who want the same within ``seconds``, also for those who come while it is being asked."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._asked: dict[Hashable, tuple[float, asyncio.Future[T]]] = {}

    async def get(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        """The answer to ``key``; what ``ask`` raises, all of them get, and the next one asks anew."""
        now = asyncio.get_running_loop().time()
        self._asked = {part: entry for part, entry in self._asked.items() if now - entry[0] < self._seconds}
        if key not in self._asked:
            self._asked[key] = (now, asyncio.ensure_future(ask()))
        answer = self._asked[key][1]
        try:
            # Shielded: who gives up waiting takes the answer away from nobody.
            return await asyncio.shield(answer)
        except Exception:
            self._asked.pop(key, None)
            raise
