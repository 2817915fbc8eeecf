"""Since when routes are as they are. In memory: whoever begins anew waits anew, a second at most.

In status it would cost a write for every change of a route; there it goes once the change has taken.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from slipway_operator.cluster.claims import Key
from slipway_operator.rollout.observation import RouteState


@dataclass
class _Known:
    generations: tuple[int, int | None]
    seen_at: datetime
    accepted_at: datetime | None = None


class Settling:
    """The routes of all ModelDeployments."""

    def __init__(self) -> None:
        self._known: dict[Key, _Known] = {}

    def note(self, key: Key, route: RouteState | None, now: datetime) -> RouteState | None:
        """The route with its times."""
        if route is None:
            self.forget(key)
            return None
        generations = (route.generation, route.grpc_generation)
        known = self._known.get(key)
        if known is None or known.generations != generations:
            known = self._known[key] = _Known(generations, now)
        known.accepted_at = (known.accepted_at or now) if route.accepted else None
        return replace(route, seen_at=known.seen_at, accepted_at=known.accepted_at)

    def forget(self, key: Key) -> None:
        """The route, or the whole ModelDeployment, is gone."""
        self._known.pop(key, None)
