"""What is not served: exit code not 0, and the reason as the last line on stderr, for the pod's termination message."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from slipway_lab.loopback import free_port

from .conftest import Serve, environment, matrix, run_serve

POD = {"KUBERNETES_SERVICE_HOST": "10.96.0.1"}
OTHER = "sha256:" + "a" * 64


def refusal(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 1, result.stderr
    assert result.stdout == ""
    last = result.stderr.splitlines()[-1]
    assert last.startswith("slipway-predictor: ")
    return last


@pytest.fixture
def copied(bundles: Path, tmp_path: Path) -> Path:
    """A bundle of its own, to be damaged."""
    return Path(shutil.copytree(bundles / "v1", tmp_path / "bundle"))


@pytest.mark.parametrize("variables", [{}, POD])
def test_another_digest(bundles: Path, variables: dict[str, str]) -> None:
    result = run_serve(bundles / "v1", SLIPWAY_MODEL_DIGEST=OTHER, **variables)
    assert "its digest is sha256:" in refusal(result)
    assert f"expected {OTHER}" in refusal(result)


def test_a_changed_file(copied: Path) -> None:
    with (copied / "model.joblib").open("ab") as file:
        file.write(b"x")
    assert "file 'model.joblib' is not the one the bundle was made with" in refusal(run_serve(copied))


def test_a_pipeline_that_cannot_be_unpickled(bundles: Path) -> None:
    assert "'model.joblib' cannot be loaded: the file is cut short" in refusal(run_serve(bundles / "v4"))


def test_an_unpinned_pickle_in_a_cluster_is_not_even_read(sleepy: Path) -> None:
    """The module its pickle needs is missing on purpose: an attempt to load it would say so instead."""
    result = run_serve(sleepy, PYTHONPATH=os.environ.get("PYTHONPATH", ""), **POD)
    assert "no digest was given to trust it by" in refusal(result)
    assert "loading" not in result.stderr


def test_a_missing_module_is_named(sleepy: Path) -> None:
    result = run_serve(sleepy, PYTHONPATH=os.environ.get("PYTHONPATH", ""))
    assert "it needs the Python module 'sleepy'" in refusal(result)


def test_an_unpinned_pickle_may_be_allowed(serve: Serve, bundles: Path, holdout: dict[str, Any]) -> None:
    served = serve(bundles / "v1", "--host", "127.0.0.1", SLIPWAY_ALLOW_UNVERIFIED="true", **POD)
    assert served.post("/v2/models/breast-cancer/infer", json=matrix(holdout["rows"][0])).status_code == 200
    assert "serving without a given digest" in served.errors


def test_a_contract_of_another_pipeline(bundles: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from slipway_contract import *;"
        "bundle = open_bundle(Path(sys.argv[1])); manifest = bundle.manifest;"
        "files = {path: bundle.read(path) for path in manifest.files};"
        "write_bundle(Path(sys.argv[2]), manifest.model_copy(update={'inputs': manifest.inputs[1:]}), files)"
    )
    other = tmp_path / "other"
    subprocess.run([sys.executable, "-c", script, bundles / "v1", other], check=True, env=environment())
    assert "the contract does not fit the pipeline: input 0 is 'mean texture'" in refusal(run_serve(other))


def test_no_bundle_and_a_broken_manifest(tmp_path: Path, copied: Path) -> None:
    assert "holds no model.yaml" in refusal(run_serve(tmp_path))
    (copied / "model.yaml").write_text("kind: [")
    assert "model.yaml is not YAML" in refusal(run_serve(copied))


def test_a_port_in_use(bundles: Path) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        result = run_serve(bundles / "v1", "--http-port", str(port))
        rpc = run_serve(bundles / "v1", "--grpc-port", str(port))
    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in refusal(result)
    assert f"cannot listen on 127.0.0.1 port {port}: choose another --grpc-port" in refusal(rpc)


def made_by_another_version(out: Path, *, data: bool, tampered: bool = False, engine: bool = False) -> Path:
    """Write a bundle whose pipeline says it was made with scikit-learn 1.4.2."""
    script = (
        "import sys; from pathlib import Path; import numpy as np, pandas as pd, sklearn.base;"
        "from sklearn.linear_model import LinearRegression; from slipway_cli.bundle import create;"
        "from slipway_contract import checksums, write_bundle; import json;"
        "frame = pd.DataFrame(np.arange(40.0).reshape(20, 2), columns=['a', 'b']);"
        "sklearn.base.__version__ = '1.4.2';"
        "bundle = create(LinearRegression().fit(frame, frame['a'] * 2), name='m', version='1', "
        f"out=sys.argv[1] + '-made', data=frame if {data} else None);"
        "files = {path: bundle.read(path) for path in bundle.manifest.files};"
        "golden = json.loads(files.get('golden.json', '{\"outputs\": {\"value\": [0]}}'));"
        "golden['outputs']['value'][0] += 1;"
        f"files |= {{'golden.json': json.dumps(golden).encode()}} if {tampered} else {{}};"
        f"kept = {engine} or files.pop('engine.npz') and None;"
        "changes = {'files': checksums(files), 'engine': kept and 'engine.npz'};"
        "write_bundle(Path(sys.argv[1]), bundle.manifest.model_copy(update=changes), files)"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", script, str(out)], check=True, env=environment())
    return out


def test_another_scikit_learn_is_served_if_the_golden_rows_are_answered_as_there(
    serve: Serve, tmp_path: Path
) -> None:
    served = serve(made_by_another_version(tmp_path / "b", data=True))
    assert "made with scikit-learn 1.4.2, here is" in served.errors
    assert "its 20 golden rows are answered as there" in served.errors


def test_another_scikit_learn_is_no_matter_to_an_engine_that_came_with_the_bundle(
    serve: Serve, tmp_path: Path
) -> None:
    served = serve(made_by_another_version(tmp_path / "b", data=False, engine=True))
    assert "compiled where the bundle was made" in served.errors
    assert "1.4.2" not in served.errors


@pytest.mark.parametrize(
    ("data", "tampered", "sentence"),
    [
        (False, False, "the bundle has no golden rows to show that it answers the same"),
        (True, True, "value for its golden rows is not what it was where the bundle was made"),
    ],
)
def test_another_scikit_learn_is_refused_without_that(
    data: bool, tampered: bool, sentence: str, tmp_path: Path
) -> None:
    bundle = made_by_another_version(tmp_path / "b", data=data, tampered=tampered)
    assert sentence in refusal(run_serve(bundle))
