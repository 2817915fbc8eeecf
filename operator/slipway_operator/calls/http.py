"""Asking over HTTP with bounds: a time, a size, no redirects. What answers may be any program that users run."""

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

LARGEST = 32 * 2**20
"""Bytes of an answer that are read; a contract of a thousand inputs takes 0.1 MiB."""

TRANSIENT = frozenset({429, 502, 503, 504})
"""What may be over in a moment: a pod that is only just ready, a proxy without endpoints."""

_LONGEST = 300


class NoAnswerError(Exception):
    """Nothing usable came back; the message says from where and why."""


@dataclass(frozen=True)
class Reply:
    """An answer."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body's document. Raises NoAnswerError."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise NoAnswerError(f"the answer is not JSON ({error}): {self.words()}") from None

    def words(self) -> str:
        """What an answer says, as one line for people: its field ``error`` or ``message``, else its beginning."""
        try:
            document = json.loads(self.body)
        except ValueError:
            document = None
        if isinstance(document, dict):
            said = document.get("error") or document.get("message")
            if isinstance(said, str):
                return plain(said)
        return plain(self.body[: 4 * _LONGEST].decode(errors="replace"))


async def ask(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    seconds: float,
    body: Any = None,
    *,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    trust: ssl.SSLContext | None = None,
) -> Reply:
    """One request, with ``body`` as JSON or ``form`` as a form. Raises NoAnswerError."""
    timeout = aiohttp.ClientTimeout(total=seconds)
    try:
        async with session.request(
            method,
            url,
            json=body,
            data=form,
            headers=headers,
            ssl=trust or True,
            timeout=timeout,
            allow_redirects=False,
        ) as response:
            return Reply(response.status, await _content(response, url))
    except TimeoutError:
        raise NoAnswerError(f"{url} has not answered within {seconds:g} s") from None
    except (aiohttp.ClientError, OSError, ValueError, asyncio.IncompleteReadError) as error:
        raise NoAnswerError(plain(f"{url}: {error or type(error).__name__}")) from None


async def _content(response: aiohttp.ClientResponse, url: str) -> bytes:
    parts, size = [], 0
    async for part in response.content.iter_chunked(2**16):
        size += len(part)
        if size > LARGEST:
            raise NoAnswerError(f"{url} answers with more than {LARGEST // 2**20} MiB")
        parts.append(part)
    return b"".join(parts)


def plain(text: str) -> str:
    """``text`` on one line, without control characters, and not too long for a status."""
    line = "".join(part if part.isprintable() else " " for part in text)
    line = " ".join(line.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
