"""What this process tells of itself, and how the answers of all processes that serve the same model are gathered.

A process alone gathers from itself; one of several workers asks the others through its supervisor (`workers.link`).
"""

import asyncio
import os
from collections.abc import Callable
from typing import Any, Literal, Protocol

from slipway_predictor.monitoring.snapshot import Snapshot
from slipway_predictor.serving.service import Service

What = Literal["metrics", "answers", "state"]
"""The kinds of things that are told."""


class Peers(Protocol):
    """All processes that serve this model."""

    @property
    def alone(self) -> bool:
        """Whether there is only this one."""

    async def gather(self, what: What, limit: int = 0) -> list[Any]:
        """Return what each process tells, as JSON documents; `limit` is for the answers."""


class Group(Peers, Protocol):
    """The workers of one supervisor, as one of them sees them."""

    async def join(self, teller: "Teller", ready: Callable[[bool], None], gone: Callable[[], None]) -> None:
        """Begin to talk: `ready` is told whether all workers are, `gone` is called when the supervisor is no more."""

    def loaded(self) -> None:
        """Say that this worker could answer from now on."""


class Teller:
    """What one process has to tell."""

    def __init__(self, service: Service, about: dict[str, Any]) -> None:
        """`about`: what the state says besides what changes."""
        self._service = service
        self.about = about

    def tell(self, what: What, limit: int = 0) -> Any:
        """Return it as a JSON document."""
        if what == "metrics":
            return self.snapshot().to_json()
        if what == "answers":
            return self._service.recent.read(limit)
        return self._state()

    def snapshot(self) -> Snapshot:
        """Return the figures."""
        return self._service.metrics.snapshot()

    def _state(self) -> dict[str, Any]:
        service = self._service
        return {
            **self.about,
            "pid": os.getpid(),
            "event_loop": type(asyncio.get_running_loop()).__module__,
            "state": str(service.lifecycle.state),
            "under_way": service.lifecycle.under_way,
            "waiting": service.limiter.waiting,
            "waiting_limit": service.limiter.limit,
        }


class Alone:
    """The peers of a process that has none."""

    alone = True

    def __init__(self, teller: Teller) -> None:
        self._teller = teller

    async def gather(self, what: What, limit: int = 0) -> list[Any]:
        """Return what this process tells."""
        return [self._teller.tell(what, limit)]
