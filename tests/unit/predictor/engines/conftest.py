"""Small data sets, and fitted models of every kind that has an engine of its own."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slipway_predictor.engines import native
from slipway_predictor.engines.trees import Ensemble
from slipway_predictor.engines.walkers import Walker, numpy_walker

ROOT = Path(__file__).parents[4]
RNG = np.random.default_rng(0)
# Measurements with few decimals, as real ones are: they lie on splits often, where random floats never do.
X = np.round(RNG.normal(50, 20, size=(300, 5)), 1)
TWO = (X[:, 0] + RNG.normal(0, 10, 300) > 50).astype(int)
THREE = np.array(["high", "low", "mid"])[np.digitize(X[:, 1] + RNG.normal(0, 10, 300), [40, 60])]
AMOUNT = X @ np.array([1.0, -2.0, 0.5, 0.0, 3.0]) + RNG.normal(0, 5, 300)


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The C, compiled as the wheel's build does it."""
    path = tmp_path_factory.mktemp("native") / "_trees.so"
    script = (
        "import sys, hatch_build, pathlib;"
        "failure = hatch_build.compile_library(*map(pathlib.Path, sys.argv[1:]));"
        "sys.exit(failure)"
    )
    source = Path(native.__file__).with_name("trees.c")
    subprocess.run([sys.executable, "-c", script, str(source), str(path)], cwd=ROOT, check=True)
    return path


@pytest.fixture(params=["native", "numpy"])
def walker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes a walker of either kind from an ensemble."""
    if request.param == "numpy":
        return numpy_walker
    monkeypatch.setattr(native, "LIBRARY", request.getfixturevalue("library"))

    def make(ensemble: Ensemble) -> Walker:
        return native.native_walker(ensemble)

    return make
