"""A small JSON client over ``kubernetes.aio``: the library's configuration, authentication and connections.

Its generated models are left aside: they cost memory, and the objects here are JSON from end to end.
"""

import json
import os
from typing import Any
from urllib.parse import urlencode

from kubernetes.aio import config
from kubernetes.aio.client import ApiClient, Configuration

from slipway_operator.api.names import FIELD_MANAGER
from slipway_operator.cluster.kinds import Kind

Json = dict[str, Any]
TIMEOUT = 15.0  # seconds for one request; nothing that is asked for here takes longer


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
        self._api = api

    @property
    def host(self) -> str:
        """The API server's URL."""
        host: str = self._api.configuration.host
        return host

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def get(self, kind: Kind, namespace: str | None, name: str) -> Json | None:
        """The object; None where there is none, or where its kind is not installed."""
        try:
            return await self._request("GET", kind.path(namespace, name))
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def list(self, kind: Kind, namespace: str | None = None, labels: str | None = None) -> list[Json]:
        """The objects of a namespace (or of all) that the label selector takes."""
        query = {"labelSelector": labels} if labels else {}
        try:
            return list((await self._request("GET", kind.path(namespace), query))["items"])
        except ApiError as error:
            if error.status == 404:
                return []  # the kind is not installed
            raise

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

    async def merge(self, kind: Kind, namespace: str, name: str, patch: Json) -> Json:
        """JSON merge patch."""
        query = {"fieldManager": FIELD_MANAGER}
        return await self._request(
            "PATCH", kind.path(namespace, name), query, patch, "application/merge-patch+json"
        )

    async def replace_status(self, kind: Kind, body: Json) -> Json:
        """Write the status if the object is still the one that was read (else ApiError 409)."""
        metadata = body["metadata"]
        path = kind.path(metadata["namespace"], metadata["name"], "status")
        return await self._request("PUT", path, {"fieldManager": FIELD_MANAGER}, body)

    async def delete(self, kind: Kind, namespace: str, name: str) -> None:
        """Delete the object and, in the background, what it owns; no error where there is none."""
        try:
            await self._request("DELETE", kind.path(namespace, name), {"propagationPolicy": "Background"})
        except ApiError as error:
            if error.status != 404:
                raise

    async def _request(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        body: Json | None = None,
        content_type: str = "application/json",
    ) -> Json:
        settings: Configuration = self._api.configuration
        headers = {"Accept": "application/json", "Content-Type": content_type, "User-Agent": FIELD_MANAGER}
        for part in (await settings.auth_settings()).values():
            headers[part["key"]] = part["value"]
        url = f"{settings.host}{path}" + (f"?{urlencode(query)}" if query else "")
        response = await self._api.call_api(method, url, headers, body, _request_timeout=TIMEOUT)
        content = await response.read()
        if not 200 <= response.status < 300:
            raise _error(response.status, content)
        answer: Json = json.loads(content)
        return answer


def _error(status: int, content: bytes) -> ApiError:
    try:
        answer = json.loads(content)
        return ApiError(status, answer.get("reason", ""), answer.get("message", ""))
    except (ValueError, AttributeError):
        return ApiError(status, "", content.decode(errors="replace")[:300])


async def connect() -> Client:
    """A client by the pod's service account or, outside a cluster, by the user's kubeconfig."""
    settings = Configuration()
    if "KUBERNETES_SERVICE_HOST" in os.environ and "KUBECONFIG" not in os.environ:
        config.load_incluster_config(client_configuration=settings)
    else:
        # Named here, because the library reads the variable once, when it is imported.
        await config.load_kube_config(os.environ.get("KUBECONFIG"), client_configuration=settings)
    return Client(ApiClient(configuration=settings))
