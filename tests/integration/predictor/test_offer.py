"""What the admin port tells of the bundle, and that the example and the golden rows it gives are answered as recorded."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from slipway_contract import Interface, open_bundle, parse_interface
from slipway_lab.loopback import free_port

from .conftest import PATIENCE, Serve, Served


def admin_of(serve: Serve, folder: Path, *arguments: str) -> tuple[Served, str]:
    port = free_port()
    served = serve(folder, "--admin-port", str(port), *arguments)
    return served, f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def offered(serve: Serve, bundles: Path) -> tuple[Served, str]:
    return admin_of(serve, bundles / "v1")


def test_the_contract_is_the_bundles_own(offered: tuple[Served, str], bundles: Path) -> None:
    bundle = open_bundle(bundles / "v1")
    document: dict[str, Any] = httpx.get(f"{offered[1]}/contract").json()
    assert parse_interface(document) == Interface.of(bundle.manifest)
    assert document["digest"] == bundle.digest
    assert document["artifactDigest"] == f"sha256:{bundle.manifest.files[bundle.manifest.artifact]}"
    assert (document["model"], document["version"]) == ("breast-cancer", bundle.manifest.version)


def test_the_golden_rows_are_answered_as_recorded(offered: tuple[Served, str]) -> None:
    served, admin = offered
    golden = httpx.get(f"{admin}/golden").json()
    answer = served.post("/v2/models/breast-cancer/infer", json=golden["request"])
    assert answer.status_code == 200
    outputs = {part["name"]: part["data"] for part in answer.json()["outputs"]}
    assert len(golden["outputs"]["label"]) > 5
    assert outputs["label"] == golden["outputs"]["label"]


def test_the_example_is_answered(offered: tuple[Served, str]) -> None:
    served, admin = offered
    example = httpx.get(f"{admin}/example").json()
    assert served.post("/v2/models/breast-cancer/infer", json=example).status_code == 200


def test_a_bare_file_has_no_golden_rows_and_is_known_by_its_own_digest(
    serve: Serve, bundles: Path, tmp_path: Path
) -> None:
    file = tmp_path / "model.joblib"
    file.write_bytes((bundles / "v1" / "model.joblib").read_bytes())
    _, admin = admin_of(serve, file)
    absent = httpx.get(f"{admin}/golden", timeout=PATIENCE)
    assert absent.status_code == 404
    assert "no golden rows" in absent.json()["error"]
    bundle = open_bundle(bundles / "v1")
    assert (
        httpx.get(f"{admin}/contract")
        .json()["artifactDigest"]
        .endswith(bundle.manifest.files["model.joblib"])
    )


def test_golden_rows_that_were_changed_on_disk_are_not_given(
    serve: Serve, bundles: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "bundle"
    folder.mkdir()
    for file in (bundles / "v1").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    _, admin = admin_of(serve, folder)
    (folder / "golden.json").write_text("{}")
    changed = httpx.get(f"{admin}/golden")
    assert changed.status_code == 500
    assert "golden.json" in changed.json()["error"]
