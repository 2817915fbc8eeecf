"""A small JSON client over ``kubernetes.aio``: the library's configuration, authentication and connections.

Its generated models are left aside: they cost memory, and the objects here are JSON from end to end. They are parsed by
pydantic's parser, which shares keys and short values between all objects: half the memory.
"""

import os
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from kubernetes.aio import config
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.client.rest import RESTResponse
from pydantic_core import from_json

from slipway_operator.api.names import FIELD_MANAGER
from slipway_operator.cluster.kinds import Kind

Json = dict[str, Any]
TIMEOUT = aiohttp.ClientTimeout(total=15)  # for one request; nothing that is asked for here takes longer
PAGE = 500  # objects in one answer to a list of everything
# A watch that is alive brings a bookmark every minute, or a little later (75 seconds were seen).
SILENCE = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=120)


class ApiError(Exception):
    """The API server refused; ``message`` is its own sentence."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message


class Client:
    """Reads and writes objects. Raises ``ApiError`` for every answer but success."""

    def __init__(self, api: ApiClient) -> None:
        self.api = api

    @property
    def host(self) -> str:
        """The API server's URL."""
        host: str = self.api.configuration.host
        return host

    async def close(self) -> None:
        """Close the connections."""
        await self.api.close()

    async def get(self, kind: Kind, namespace: str | None, name: str) -> Json | None:
        """The object; None where there is none, or where its kind is not installed."""
        try:
            return await self._request("GET", kind.path(namespace, name))
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def read(self, kind: Kind, namespace: str, name: str) -> Json | None:
        """The object as the API server has it now."""
        return await self.get(kind, namespace, name)

    async def serves(self, kind: Kind) -> bool:
        """Whether the cluster knows the kind at all."""
        try:
            known = await self._request("GET", f"/apis/{kind.api_version}")
        except ApiError as error:
            if error.status == 404:
                return False
            raise
        return any(part["name"] == kind.plural for part in known["resources"])

    async def everything(self, kind: Kind, labels: str | None = None) -> tuple[list[Json], str]:
        """All objects of a kind, read page by page, and the version that they are of. 404 is raised like the others."""
        query = {"limit": str(PAGE)} | ({"labelSelector": labels} if labels else {})
        found: list[Json] = []
        while True:
            answer = await self._request("GET", kind.path(), query)
            found += answer["items"]
            rest = answer["metadata"].get("continue")
            if not rest:
                return found, answer["metadata"]["resourceVersion"]
            query["continue"] = rest

    async def list(self, kind: Kind, namespace: str | None = None, labels: str | None = None) -> list[Json]:
        """The objects of a namespace (or of all) that the label selector takes."""
        query = {"labelSelector": labels} if labels else {}
        try:
            return list((await self._request("GET", kind.path(namespace), query))["items"])
        except ApiError as error:
            if error.status == 404:
                return []  # the kind is not installed
            raise

    async def watch(
        self, kind: Kind, version: str, seconds: int, labels: str | None = None
    ) -> AsyncIterator[tuple[str, Json]]:
        """What happens to a kind after ``version``, as (ADDED, MODIFIED or DELETED; object), for ``seconds`` at most."""
        query = {
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(seconds),
        } | ({"labelSelector": labels} if labels else {})
        response = (await self._send("GET", kind.path(), query, limit=SILENCE)).response
        try:
            if response.status != 200:
                raise _error(response.status, await response.read())
            async for line in response.content:
                event = from_json(line)
                if event["type"] == "ERROR":
                    status = event["object"]
                    raise ApiError(
                        status.get("code", 500), status.get("reason", ""), status.get("message", "")
                    )
                if event["type"] != "BOOKMARK":
                    yield event["type"], event["object"]
        finally:
            if response.connection and response.connection.transport:
                # Without the goodbyes of TLS: the answer is still coming, and somebody may be waiting for us to end.
                response.connection.transport.abort()
            response.close()

    async def create(self, kind: Kind, body: Json, *, dry_run: bool = False) -> Json:
        """Create the object."""
        query = {"fieldManager": FIELD_MANAGER} | ({"dryRun": "All"} if dry_run else {})
        return await self._request("POST", kind.path(body["metadata"]["namespace"]), query, body)

    async def apply(self, kind: Kind, body: Json) -> Json:
        """Server-side apply: what ``body`` holds is ours, whoever else wrote there."""
        metadata = body["metadata"]
        query = {"fieldManager": FIELD_MANAGER, "force": "true"}
        path = kind.path(metadata["namespace"], metadata["name"])
        return await self._request("PATCH", path, query, body, "application/apply-patch+yaml")

    async def ensure(self, kind: Kind, body: Json) -> Json:
        """``apply``, or ``create`` where there is none: that costs the API server much less."""
        metadata = body["metadata"]
        if await self.get(kind, metadata["namespace"], metadata["name"]) is None:
            try:
                return await self.create(kind, body)
            except ApiError as error:
                if error.reason != "AlreadyExists":
                    raise
        return await self.apply(kind, body)

    async def merge(self, kind: Kind, namespace: str, name: str, patch: Json) -> Json:
        """JSON merge patch."""
        query = {"fieldManager": FIELD_MANAGER}
        return await self._request(
            "PATCH", kind.path(namespace, name), query, patch, "application/merge-patch+json"
        )

    async def replace_spec(self, kind: Kind, namespace: str, name: str, spec: Json) -> Json:
        """Write the whole spec and nothing else."""
        patch = [{"op": "replace", "path": "/spec", "value": spec}]
        query = {"fieldManager": FIELD_MANAGER}
        return await self._request(
            "PATCH", kind.path(namespace, name), query, patch, "application/json-patch+json"
        )

    async def replace(self, kind: Kind, body: Json, subresource: str | None = None) -> Json:
        """Write the object, or a part of it, if it is still the one that was read (else ApiError 409)."""
        metadata = body["metadata"]
        path = kind.path(metadata["namespace"], metadata["name"], subresource)
        return await self._request("PUT", path, {"fieldManager": FIELD_MANAGER}, body)

    async def replace_status(self, kind: Kind, body: Json) -> Json:
        """Write the status if the object is still the one that was read (else ApiError 409)."""
        return await self.replace(kind, body, "status")

    async def delete(self, kind: Kind, namespace: str, name: str) -> Json | None:
        """Delete the object and, in the background, what it owns; no error where there is none.

        Returns the object where it is only on its way out, else nothing.
        """
        try:
            answer = await self._request(
                "DELETE", kind.path(namespace, name), {"propagationPolicy": "Background"}
            )
        except ApiError as error:
            if error.status != 404:
                raise
            return None
        return answer if "deletionTimestamp" in answer.get("metadata", {}) else None

    async def _request(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        body: Json | Sequence[Json] | None = None,
        content_type: str = "application/json",
    ) -> Json:
        response = await self._send(method, path, query, body, content_type)
        content = await response.read()
        if not 200 <= response.status < 300:
            raise _error(response.status, content)
        answer: Json = from_json(content)
        return answer

    async def _send(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        body: Json | Sequence[Json] | None = None,
        content_type: str = "application/json",
        limit: aiohttp.ClientTimeout = TIMEOUT,
    ) -> RESTResponse:
        settings: Configuration = self.api.configuration
        headers = {"Accept": "application/json", "Content-Type": content_type, "User-Agent": FIELD_MANAGER}
        for part in (await settings.auth_settings()).values():
            headers[part["key"]] = part["value"]
        url = f"{settings.host}{path}" + (f"?{urlencode(query)}" if query else "")
        return await self.api.call_api(method, url, headers, body, _request_timeout=limit)


def _error(status: int, content: bytes) -> ApiError:
    try:
        answer = from_json(content)
        return ApiError(status, answer.get("reason", ""), answer.get("message", ""))
    except (ValueError, AttributeError):
        return ApiError(status, "", content.decode(errors="replace")[:300])


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for this address, if it does."""
    parts = urlsplit(url)
    if parts.hostname is None or proxy_bypass(parts.hostname):
        return None
    return getproxies().get(parts.scheme)


async def connect() -> Client:
    """A client by the pod's service account or, outside a cluster, by the user's kubeconfig."""
    settings = Configuration()
    if "KUBERNETES_SERVICE_HOST" in os.environ and "KUBECONFIG" not in os.environ:
        config.load_incluster_config(client_configuration=settings)
    else:
        # Named here, because the library reads the variable once, when it is imported.
        await config.load_kube_config(os.environ.get("KUBECONFIG"), client_configuration=settings)
    # Left to itself, aiohttp asks a thread for the environment's proxy, and another for ~/.netrc, before every request:
    # that costs more than the request.
    settings.client_session_kwargs = {"trust_env": False}
    settings.proxy = settings.proxy or _proxy(settings.host)
    return Client(ApiClient(configuration=settings))
