"""What importing costs whom: the operator imports the contract, the command line the predictor's lower packages."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("package", "absent"),
    [
        ("slipway_contract", {"numpy", "sklearn", "kserve", "kopf", "asyncio"}),
        ("slipway_predictor.main", {"numpy", "sklearn", "kserve", "kopf"}),
        (
            "slipway_predictor.engines, slipway_predictor.bundle, slipway_predictor.features",
            {"kserve", "sklearn", "pandas"},
        ),
        (
            "slipway_predictor.workers.supervisor, slipway_predictor.serving.run",
            {"kserve", "sklearn", "grpc"},
        ),
        ("slipway_cli.main", {"numpy", "sklearn", "kserve", "pandas"}),
        ("slipway_cli.bundle", {"kserve", "pandas"}),
        ("slipway_predictor.serving.server", {"kopf", "slipway_operator"}),
    ],
)
def test_a_package_does_not_bring_what_it_does_not_need(package: str, absent: set[str]) -> None:
    script = f"import sys, {package}; print(*({absent!r} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""
