"""One number from JSON on the web: a GET, and a path to where the number stands.

The path is a singular JSONPath query (RFC 9535, section 2.3.5): it names one place at most.
"""

import re
from collections.abc import Mapping
from typing import Any

import aiohttp

from slipway_operator.api.sources import WebSource
from slipway_operator.calls.http import NoAnswerError, ask
from slipway_operator.evidence.access import Access
from slipway_operator.evidence.number import SECONDS, NoNumberError, fill, finite

_SEGMENT = re.compile(r"\.([A-Za-z_][\w-]*)|\[(\d{1,6})\]|\['([^']*)'\]")


async def measure(
    session: aiohttp.ClientSession, source: WebSource, access: Access, variables: Mapping[str, str]
) -> float:
    """The number at the path. Raises NoAnswerError and NoNumberError."""
    url = fill(source.url, variables)
    reply = await ask(session, "GET", url, SECONDS, headers=access.headers, trust=access.trust)
    if reply.status != 200:
        raise NoAnswerError(f"{url} answers {reply.status}: {reply.words()}")
    return number_at(reply.json(), source.json_path)


def number_at(document: Any, path: str) -> float:
    """The number at ``path``. Raises NoNumberError where nothing, or null, stands there, and NoAnswerError."""
    place = document
    for key in segments(path):
        place = _inside(place, key)
        if place is None:
            raise NoNumberError(f"there is nothing at {path} in the answer")
    return finite(place)


def _inside(place: Any, key: str | int) -> Any:
    if isinstance(key, str):
        return place.get(key) if isinstance(place, dict) else None
    return place[key] if isinstance(place, list) and key < len(place) else None


def segments(path: str) -> list[str | int]:
    """The names and indices of a path. Raises NoAnswerError for one that is none."""
    found: list[str | int] = []
    at = 1
    while at < len(path) or not path.startswith("$"):
        match = _SEGMENT.match(path, at) if path.startswith("$") else None
        if match is None:
            raise NoAnswerError(f"{path} is no path of names and indices such as $.data.errors[0].share")
        name, index, quoted = match.groups()
        found.append(int(index) if index is not None else (name if name is not None else quoted))
        at = match.end()
    return found
