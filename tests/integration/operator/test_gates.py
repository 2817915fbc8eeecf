"""The built-in gates against real predictors: a bundle that is good, and for each gate one that is not."""

from dataclasses import dataclass
from pathlib import Path

import aiohttp
import orjson
import pytest
from tests.integration.predictor.conftest import Serve, Served
from tests.integration.predictor.conftest import bundles as bundles
from tests.integration.predictor.conftest import serve as serve

from slipway_contract import Bundle, Manifest, checksums, open_bundle, write_bundle
from slipway_lab.loopback import free_port
from slipway_operator.api.status import Revision
from slipway_operator.calls.addresses import Guard
from slipway_operator.gates.run import run
from slipway_operator.gates.scene import Answer, Scene, Side
from slipway_operator.rollout.effective import effective_gates

MODEL = "breast-cancer"
GATES = {gate.name: gate for gate in effective_gates(None)}


@dataclass
class Running:
    """A predictor with its admin port."""

    served: Served
    admin: str
    bundle: Bundle

    def side(self, digest: str | None = None) -> Side:
        manifest = self.bundle.manifest
        revision = Revision(
            revision=f"rev{manifest.version}",
            version=manifest.version,
            uri="pvc://models/x",
            digest=digest or self.bundle.digest,
        )
        return Side(revision, "ClusterServingRuntime/slipway-sklearn", (self.admin,))


def start(serve: Serve, folder: Path) -> Running:
    port = free_port()
    served = serve(folder, "--admin-port", str(port))
    return Running(served, f"http://127.0.0.1:{port}", open_bundle(folder))


@pytest.fixture(scope="module")
def first(serve: Serve, bundles: Path) -> Running:
    return start(serve, bundles / "v1")


@pytest.fixture(scope="module")
def second(serve: Serve, bundles: Path) -> Running:
    return start(serve, bundles / "v2")


def variant(bundle: Bundle, out: Path, golden=None, **fields) -> Path:
    """A bundle like ``bundle`` with other fields in its manifest, and golden rows changed by ``golden``."""
    manifest = bundle.manifest
    files = {path: bundle.read(path) for path in manifest.files}
    if golden:
        document = orjson.loads(files[str(manifest.golden)])
        golden(document)
        files[str(manifest.golden)] = orjson.dumps(document)
    content = manifest.model_dump() | {"version": "9", "files": checksums(files)} | fields
    write_bundle(out, Manifest.model_validate(content), files)
    return out


async def answer(name: str, canary: Running, stable: Running, *, digest=None, model=MODEL) -> Answer:
    scene = Scene("ml", "churn", model, canary.side(digest), stable.side(), (canary.served.url,))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
        return await run(session, Guard(), GATES[name], scene, 1)


@pytest.mark.parametrize("gate", GATES)
async def test_a_good_model_passes_every_gate(gate, first, second):
    found = await answer(gate, second, first)
    assert found.verdict == "Passed", found.message


async def test_what_passing_says(first, second):
    said = {name: (await answer(name, second, first)).message for name in GATES}
    assert said["contract"] == "version 2 takes and answers all that version 1 does"
    assert said["artifact"] == f"1 pod(s) serve {second.bundle.digest}"
    assert said["golden"] == "all 32 golden rows are answered as recorded"
    assert "requests answered: the first in" in said["warmup"]


async def test_a_contract_that_breaks_names_what_breaks(serve, first, tmp_path):
    outputs = [entry for entry in first.bundle.manifest.outputs if entry.name == "label"]
    folder = variant(first.bundle, tmp_path / "b", outputs=outputs, max_rows=100)
    found = await answer("contract", start(serve, folder), first)
    assert found.verdict == "Failed"
    assert "a request may hold 100 rows, it could hold any number" in found.message
    assert "output 'probability' is gone" in found.message


async def test_another_artifact_than_the_one_asked_for_fails(first, second):
    found = await answer("artifact", second, first, digest=first.bundle.digest)
    assert found.verdict == "Failed"
    assert second.bundle.digest in found.message
    assert first.bundle.digest in found.message


async def test_golden_rows_that_are_answered_otherwise_fail_with_row_and_output(serve, first, tmp_path):
    def change(document):
        document["outputs"]["probability"][7][1] += 0.001

    changed = start(serve, variant(first.bundle, tmp_path / "b", golden=change))
    found = await answer("golden", changed, first)
    assert found.verdict == "Failed"
    assert (
        "1 golden row(s) are answered otherwise, the first of them row 7: output 'probability'[1]"
        in found.message
    )
    assert (await answer("warmup", changed, first)).verdict == "Passed", "its answers are answers"


async def test_warm_up_requests_that_are_not_answered_fail(first, second):
    found = await answer("warmup", second, first, model="another-name")
    assert found.verdict == "Failed"
    assert "warm-up request 1 was answered with 404" in found.message
