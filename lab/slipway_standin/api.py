"""The API server, spoken to in plain JSON over the official client's connection and credentials.

The generated models of that client would drop every field they do not know; objects here stay dictionaries.
``writes`` counts what has been changed, so that a test can hold that a settled controller writes nothing.
"""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp
from kubernetes.aio import client, config

from slipway_standin.kinds import Kind
from slipway_standin.objects import Obj

_TIMEOUT = aiohttp.ClientTimeout(total=30)
# A watch is ended by the server after this long; a line, or a bookmark, comes well before the extra.
_WATCH_SECONDS = 240
_WATCH_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=_WATCH_SECONDS + 60)


class ApiError(Exception):
    """The API server's refusal: ``code`` is the HTTP status, ``message`` its own sentence."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Api:
    """A thin client; ``async with`` closes its connections.

    Every method raises ApiError for what the server refuses, and aiohttp.ClientError or TimeoutError when it
    cannot be reached.
    """

    def __init__(self, connection: client.ApiClient) -> None:
        self._connection = connection
        self.writes = 0

    @classmethod
    async def connect(cls, kubeconfig: str) -> "Api":
        """A client by the current context of ``kubeconfig``."""
        return cls(await config.new_client_from_config(config_file=kubeconfig, persist_config=False))

    async def __aenter__(self) -> "Api":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()

    async def get(self, kind: Kind, namespace: str, name: str) -> Obj | None:
        """One object, or None where there is none."""
        try:
            return await self._call("GET", kind.path(namespace, name))
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    async def list(self, kind: Kind, namespace: str = "", selector: str = "") -> Obj:
        """The list object: ``items``, and ``metadata.resourceVersion`` to watch from."""
        query = {"labelSelector": selector} if selector else {}
        return await self._call("GET", kind.path(namespace), query)

    async def create(self, kind: Kind, obj: Obj) -> Obj:
        """Create an object; 409 where it exists."""
        return await self._write("POST", kind.path(obj["metadata"].get("namespace", "")), body=obj)

    async def replace(self, kind: Kind, obj: Obj, *, subresource: str = "", dry_run: bool = False) -> Obj:
        """Replace an object whole; 409 where its resourceVersion is no longer the newest."""
        metadata = obj["metadata"]
        path = kind.path(metadata.get("namespace", ""), metadata["name"], subresource)
        if dry_run:
            return await self._call("PUT", path, {"dryRun": "All"}, body=obj)
        return await self._write("PUT", path, body=obj)

    async def patch(self, kind: Kind, namespace: str, name: str, patch: Obj) -> Obj:
        """Merge a JSON patch into an object."""
        headers = {"Content-Type": "application/merge-patch+json"}
        return await self._write("PATCH", kind.path(namespace, name), body=patch, headers=headers)

    async def delete(self, kind: Kind, namespace: str, name: str) -> None:
        """Delete an object, what it owns in the background; nothing happens where there is none."""
        try:
            await self._write("DELETE", kind.path(namespace, name))
        except ApiError as error:
            if error.code != 404:
                raise

    async def watch(self, kind: Kind, version: str, selector: str = "") -> AsyncIterator[tuple[str, Obj]]:
        """The changes after ``version`` as (type, object), until the server ends the watch.

        An expired version is raised as ApiError 410, whichever way the server reports it.
        """
        query = {
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(_WATCH_SECONDS),
        }
        if selector:
            query["labelSelector"] = selector
        response = await self._send("GET", kind.path(), query, limit=_WATCH_TIMEOUT)
        try:
            async for line in response.content:
                change = json.loads(line)
                if change["type"] == "ERROR":
                    raise ApiError(change["object"].get("code", 500), change["object"].get("message", ""))
                yield change["type"], change["object"]
        finally:
            response.close()

    async def _write(self, method: str, path: str, **sent: Any) -> Obj:
        answer = await self._call(method, path, **sent)
        self.writes += 1
        return answer

    async def _call(self, method: str, path: str, query: Mapping[str, str] | None = None, **sent: Any) -> Obj:
        response = await self._send(method, path, query or {}, **sent)
        body: Obj = await response.json()
        return body

    async def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        *,
        body: Obj | None = None,
        headers: Mapping[str, str] | None = None,
        limit: aiohttp.ClientTimeout = _TIMEOUT,
    ) -> aiohttp.ClientResponse:
        target = f"{path}?{urlencode(query)}" if query else path
        serialized = await self._connection.param_serialize(
            method,
            target,
            header_params={"Accept": "application/json", **(headers or {})},
            body=body,
            auth_settings=["BearerToken"],
        )
        answer = await self._connection.rest_client.request(
            *serialized[:2], headers=serialized[2], body=serialized[3], _request_timeout=limit
        )
        response: aiohttp.ClientResponse = answer.response
        if response.status >= 400:
            raise ApiError(response.status, _sentence(await response.text()))
        return response


def _sentence(text: str) -> str:
    """The message of a Status object, or the text of an answer that is none."""
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text.strip()
