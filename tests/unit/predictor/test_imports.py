"""What importing costs whom: the operator imports the contract, the command line the predictor's lower packages."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("package", "absent"),
    [
        ("slipway_contract", {"numpy", "sklearn", "kserve", "kopf", "asyncio"}),
        ("slipway_predictor.main", {"numpy", "sklearn", "kserve", "kopf"}),
        (
            "slipway_predictor.engines, slipway_predictor.bundle, slipway_predictor.features",
            {"kserve", "sklearn", "pandas", "skops", "onnxruntime", "xgboost", "lightgbm"},
        ),
        (
            "slipway_predictor.workers.supervisor, slipway_predictor.serving.run",
            {"kserve", "sklearn", "grpc"},
        ),
        ("slipway_cli.main", {"numpy", "sklearn", "kserve", "pandas"}),
        ("slipway_cli.bundle", {"kserve", "pandas"}),
        (
            "slipway_predictor.serving.server",
            {"kserve", "fastapi", "grpc", "pandas", "sklearn", "scipy", "joblib", "kopf", "slipway_operator"},
        ),
    ],
)
def test_a_package_does_not_bring_what_it_does_not_need(package: str, absent: set[str]) -> None:
    script = f"import sys, {package}; print(*({absent!r} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""


LOAD = """
import sys, joblib, numpy as np, slipway_cli.bundle, slipway_predictor.serving.loading as loading
from pathlib import Path
from sklearn.linear_model import LogisticRegression
from slipway_predictor.serving.core import Identity
bundle = slipway_cli.bundle.create(
    LogisticRegression().fit(np.eye(4), [0, 1, 0, 1]), name="m", version="1", out=sys.argv[1]
)
for name in [name for name in sys.modules if name.startswith("pandas")]:
    del sys.modules[name]
loading.load(bundle, Identity("m", "1"), "auto")
print(*({"skops", "onnxruntime", "xgboost", "lightgbm", "onnx", "pandas"} & set(sys.modules)))
"""


def test_a_start_imports_no_library_that_its_bundle_does_not_need(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", LOAD, str(tmp_path / "bundle")]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""
