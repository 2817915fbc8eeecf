"""The operator as a process, on an API server that has its definition and nothing else: it starts, tells what is missing,
and stops when told to."""

import asyncio
import os
import subprocess
import sys

import pytest
from tests.integration.operator.test_crd import GOOD
from tests.integration.operator.test_crd import client as client
from tests.integration.predictor.conftest import free_port

from slipway_operator.cluster.kinds import MODEL_DEPLOYMENT

pytestmark = pytest.mark.integration
COMMAND = [sys.executable, "-c", "from slipway_operator.main import main; main(['run'])"]
PATIENCE = 40.0


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


@pytest.fixture
def operator(client, apiserver, log):
    environment = {
        **os.environ,
        "KUBECONFIG": str(apiserver.kubeconfig),
        "SLIPWAY_HEALTH_PORT": str(free_port()),
    }
    with log.open("w") as out:
        process = subprocess.Popen(COMMAND, stdout=out, stderr=out, env=environment)
    yield process
    process.kill()
    process.wait()


async def first_status(client, namespace):
    while True:
        found = await client.get(MODEL_DEPLOYMENT, namespace, "churn")
        if found and "status" in found:
            return found["status"]
        await asyncio.sleep(0.2)


async def test_it_starts_tells_what_is_missing_and_stops_cleanly(client, namespace, operator, log):
    await client.create(MODEL_DEPLOYMENT, {**GOOD, "metadata": {**GOOD["metadata"], "namespace": namespace}})
    async with asyncio.timeout(PATIENCE):
        status = await first_status(client, namespace)
    assert status["phase"] == "Pending"
    assert "install the chart with gateway.name" in status["message"]
    operator.terminate()
    assert operator.wait(PATIENCE) == 0
    assert "Traceback" not in log.read_text()
    assert "Unclosed" not in log.read_text()
