"""An API server with the gateways' own definitions, where the lab has fetched them; else with ones without schemas."""

import functools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import yaml
from tests.integration.operator.test_crd import CRD_KIND, install

from slipway_lab.cache import Cache
from slipway_lab.paths import Paths
from slipway_lab.standalone import Running, api_server
from slipway_operator.cluster.client import Client, connect
from slipway_operator.cluster.kinds import GATEWAY, GRPC_ROUTE, HTTP_ROUTE, TRAFFIC_POLICY
from slipway_scale.objects import schemaless

KINDS = (
    ("gateway-api", GATEWAY),
    ("gateway-api", HTTP_ROUTE),
    ("gateway-api", GRPC_ROUTE),
    ("envoy-gateway", TRAFFIC_POLICY),
)


@pytest.fixture(scope="module")
def apiserver(apiserver: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One of its own: elsewhere the definitions have no schemas."""
    with api_server(Cache(Paths.here().cache).bin, tmp_path_factory.mktemp("routes")) as running:
        yield running


@pytest.fixture
async def client(apiserver: Running, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    """The operator's own client."""
    monkeypatch.setenv("KUBECONFIG", str(apiserver.kubeconfig))
    client = await connect()
    for definition in definitions():
        if await client.get(CRD_KIND, None, definition["metadata"]["name"]) is None:
            await install(client, definition)
    yield client
    await client.close()


@functools.cache
def definitions() -> list[dict[str, Any]]:
    """Everything that a backend may need."""
    crds = Cache(Paths.here().cache).crds
    files = {crds / folder / f"{kind.group}_{kind.plural}.yaml": kind for folder, kind in KINDS}
    if all(file.exists() for file in files):
        return [yaml.load(file.read_text(), yaml.CSafeLoader) for file in files]
    return [schemaless(kind.name, kind.plural, kind.group, kind.version) for kind in files.values()]
