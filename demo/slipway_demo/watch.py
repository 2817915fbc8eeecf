"""Looking at the ModelDeployment while it moves."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from slipway_demo.target import DemoError, Target

Status = dict[str, Any]
POLL = 0.5  # seconds


@dataclass
class Watch:
    """The status of one ModelDeployment, and every revision that was ever seen in it."""

    target: Target
    namespace: str
    name: str
    versions: dict[str, str] = field(default_factory=dict)
    """Revision → version."""

    async def status(self) -> Status:
        """The status now."""
        body = await asyncio.to_thread(self.target.get, "modeldeployment", self.name, "-n", self.namespace)
        status: Status = (body or {}).get("status", {})
        if body and status.get("observedGeneration") != body["metadata"]["generation"]:
            status = {}  # still about an older spec
        parts = [status.get(key) for key in ("stable", "canary", "previous", "failed")]
        for part in [*parts, *(status.get("history") or [])]:
            if part:
                self.versions[part["revision"]] = part["version"]
        return status

    async def until(
        self,
        done: Callable[[Status], bool],
        what: str,
        seconds: float,
        show: Callable[[Status], None] | None = None,
    ) -> Status:
        """Look until ``done``; raises DemoError, with the last message, after so many seconds."""
        deadline = time.monotonic() + seconds
        while True:
            status = await self.status()
            if show:
                show(status)
            if done(status):
                return status
            if time.monotonic() > deadline:
                last = status.get("message") or "the operator has not said anything yet"
                raise DemoError(f"{what} did not happen within {seconds:.0f} s; the last word: {last}")
            await asyncio.sleep(POLL)
