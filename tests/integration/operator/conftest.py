"""What the operator's integration tests share."""

from collections.abc import AsyncIterator

import pytest

from slipway_lab.standalone import Running
from slipway_operator.cluster.client import Client, connect


@pytest.fixture
async def client(apiserver: Running, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    """The operator's own client, as cluster admin."""
    monkeypatch.setenv("KUBECONFIG", str(apiserver.kubeconfig))
    client = await connect()
    yield client
    await client.close()
