"""What the integration tests share: a real etcd and API server for the session, a namespace for each test."""

import json
import uuid
from collections.abc import Iterator

import pytest

from slipway_lab.cache import Cache
from slipway_lab.paths import Paths
from slipway_lab.programs import build
from slipway_lab.report import Report
from slipway_lab.standalone import Running, api_server


@pytest.fixture(scope="session")
def apiserver(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A real API server with its etcd; has ``url`` and ``kubeconfig`` (cluster admin)."""
    paths = Paths.here()
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():  # a first build takes minutes, and they should not be silent
        build(("etcd", "kubernetes"), paths, Report())
    with api_server(Cache(paths.cache).bin, tmp_path_factory.mktemp("apiserver")) as running:
        yield running


@pytest.fixture
def namespace(apiserver: Running) -> str:
    """A new namespace; nothing is left in the way of another test, so it is not deleted."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    apiserver.request("POST", "/api/v1/namespaces", json.dumps({"metadata": {"name": name}}).encode())
    return name
