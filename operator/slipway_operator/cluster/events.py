"""Kubernetes events about a ModelDeployment, as ``kubectl describe`` shows them."""

from datetime import datetime

from slipway_operator.api import names
from slipway_operator.api.model import format_time
from slipway_operator.cluster.client import Client, Json
from slipway_operator.cluster.kinds import EVENT
from slipway_operator.rollout.actions import Event

LONGEST = 1024  # what the API takes for an event's message


async def record(client: Client, body: Json, event: Event, now: datetime, number: int) -> None:
    """Record ``event`` about the ModelDeployment ``body``; ``number`` tells those of one moment apart."""
    metadata = body["metadata"]
    moment = format_time(now)
    await client.create(
        EVENT,
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{metadata['name']}.{int(now.timestamp() * 1000):x}{number:x}",
                "namespace": metadata["namespace"],
            },
            "type": event.type,
            "reason": event.reason,
            "message": event.message if len(event.message) <= LONGEST else event.message[: LONGEST - 1] + "…",
            "involvedObject": {
                "apiVersion": names.API_VERSION,
                "kind": names.KIND,
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "uid": metadata["uid"],
                "resourceVersion": metadata["resourceVersion"],
            },
            "source": {"component": "slipway"},
            "reportingComponent": "slipway",
            "firstTimestamp": moment[:19] + "Z",
            "lastTimestamp": moment[:19] + "Z",
            "count": 1,
        },
    )
