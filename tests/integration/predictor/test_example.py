"""The example's bundles: made the same every time, and exactly as broken as they are said to be."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from slipway_contract import verify

from .conftest import ROOT, environment


def test_training_again_into_the_same_folder_changes_nothing(bundles: Path) -> None:
    """Another bundle in a folder's place would be refused, so success means the same bytes."""
    before = (bundles / "holdout.json").read_bytes()
    script = ROOT / "examples" / "breast_cancer" / "train.py"
    subprocess.run([sys.executable, str(script), "--out", str(bundles)], check=True, env=environment())
    assert (bundles / "holdout.json").read_bytes() == before


@pytest.mark.parametrize("version", ["v1", "v2", "v3", "v4"])
def test_every_bundle_verifies_even_the_one_that_cannot_be_loaded(
    bundles: Path, holdout: dict[str, Any], version: str
) -> None:
    bundle = verify(bundles / version, holdout["models"][version]["digest"])
    assert (bundle.manifest.name, bundle.manifest.version) == (holdout["name"], version[1:])
    assert [entry.name for entry in bundle.manifest.inputs] == holdout["features"]


def test_only_the_third_raises_and_the_good_ones_are_good(holdout: dict[str, Any]) -> None:
    models = holdout["models"]
    assert [models[version]["raises"] for version in ("v1", "v2")] == [0, 0]
    assert 0.1 <= models["v3"]["raises"] <= 0.4
    for version in ("v1", "v2"):
        right = [
            label == truth for label, truth in zip(models[version]["label"], holdout["truth"], strict=True)
        ]
        assert sum(right) / len(right) > 0.95
