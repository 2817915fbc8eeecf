"""Bundles of every format in a real process, where nothing of what made them is importable."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tests.integration.predictor.conftest import Serve as Process
from tests.integration.predictor.conftest import environment, matrix, run_serve
from tests.unit.cli.wheelwright import DOUBLED, make_wheel

from slipway_cli.bundle import create
from slipway_contract import open_bundle

POD = {"KUBERNETES_SERVICE_HOST": "10.96.0.1"}
ROWS = np.random.default_rng(3).normal(size=(60, 2)).astype(np.float32).astype(float)
TARGET = (ROWS[:, 0] > 0).astype(int)
LINEAR = make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, TARGET)
MAKE = """
import json, sys, numpy as np, pandas as pd
from slipway_own import Doubled
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from slipway_cli.bundle import create
rows = pd.DataFrame(np.random.default_rng(3).normal(size=(60, 2)), columns=["a", "b"])
model = make_pipeline(Doubled(), LogisticRegression()).fit(rows, rows["a"] > 0)
out, keep, *code = sys.argv[1:]
create(model, name="own", version="1", out=out, data=rows, keep=keep, trust=["slipway_own"], code=code)
print(json.dumps(model.predict(rows.head(5)).tolist()))
"""


def own(folder: Path, keep: str, *, code: bool) -> tuple[Path, list[bool]]:
    """Make a bundle of a model with a class of the user's own; return it and what the model says of five rows."""
    (folder / "here").mkdir()
    (folder / "here" / "slipway_own.py").write_text(DOUBLED)
    wheels = [str(make_wheel(folder, "slipway-own", {"slipway_own.py": DOUBLED}))] if code else []
    command = [sys.executable, "-c", MAKE, str(folder / "bundle"), keep, *wheels]
    made = subprocess.run(
        command, capture_output=True, text=True, env=environment(PYTHONPATH=str(folder / "here")), timeout=120
    )
    assert made.returncode == 0, made.stderr
    return folder / "bundle", json.loads(made.stdout)


def checked(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "slipway_cli", "bundle", "check", str(folder), "--load"]
    return subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=120)


@pytest.mark.parametrize("keep", ["joblib", "skops"])
def test_a_class_of_one_s_own_comes_with_the_bundle(keep: str, process: Process, tmp_path: Path) -> None:
    folder, said = own(tmp_path, keep, code=True)
    result = checked(folder)
    assert result.returncode == 0, result.stderr
    assert "32 golden rows answered as before" in result.stdout
    served = process(folder, "--digest", open_bundle(folder).digest, "--host", "127.0.0.1", **POD)
    rows = np.random.default_rng(3).normal(size=(60, 2))[:5]
    answer = served.post("/v2/models/own/infer", json=matrix(*rows.tolist())).json()
    assert answer["outputs"][0]["data"] == said


def test_a_class_that_does_not_come_is_named_with_what_to_do(tmp_path: Path) -> None:
    folder, _ = own(tmp_path, "joblib", code=False)
    result = checked(folder)
    assert result.returncode == 3
    assert "needs the Python module 'slipway_own', which is not installed here" in result.stderr
    assert "give its wheel to `slipway bundle create --code`" in result.stderr.splitlines()[-1]


def test_wheels_are_code_and_so_need_a_digest_in_a_cluster(tmp_path: Path) -> None:
    folder, _ = own(tmp_path, "skops", code=True)
    result = run_serve(folder, **POD)
    assert result.returncode == 1
    assert (
        "the bundle brings wheels, which are code, and no digest was given" in result.stderr.splitlines()[-1]
    )


@pytest.mark.parametrize("kind", ["skops", "onnx"])
def test_what_runs_no_code_needs_no_digest_even_in_a_cluster(
    kind: str, process: Process, tmp_path: Path
) -> None:
    source: Any = LINEAR
    if kind == "onnx":
        source = tmp_path / "model.onnx"
        source.write_bytes(to_onnx(LINEAR, ROWS[:1].astype(np.float32)).SerializeToString())
    bundle = create(
        source, name="m", version="1", out=tmp_path / "b", keep="skops" if kind == "skops" else None
    )
    served = process(bundle.root, "--host", "127.0.0.1", **POD)
    answer = served.post("/v2/models/m/infer", json=matrix(*ROWS[:7].tolist())).json()
    label, probability = answer["outputs"]
    assert label["data"] == LINEAR.predict(ROWS[:7]).tolist()
    np.testing.assert_allclose(probability["data"], LINEAR.predict_proba(ROWS[:7]).reshape(-1), atol=1e-6)
