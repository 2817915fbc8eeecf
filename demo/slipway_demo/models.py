"""The demo's models, trained afresh, and what each of them says offline to the held-out rows."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipway_demo.target import CHECKOUT, DemoError

TRAIN = CHECKOUT / "examples/breast_cancer/train.py"


@dataclass(frozen=True)
class Models:
    """Four bundles and the held-out rows."""

    folder: Path
    rows: list[list[float]]
    models: dict[str, dict[str, Any]]
    """``v1`` to ``v4``: digest, and offline labels where the model can be loaded."""

    def offline(self, version: str) -> list[Any]:
        """The model's own labels by row; None where it raises."""
        labels: list[Any] = self.models[f"v{version}"].get("label", [])
        return labels

    def digest(self, version: str) -> str:
        """The bundle's digest."""
        return str(self.models[f"v{version}"]["digest"])


def train(folder: Path) -> Models:
    """Train into ``folder``, unless they are there already."""
    held_out = folder / "holdout.json"
    if not held_out.exists():
        done = subprocess.run(
            [sys.executable, str(TRAIN), "--out", str(folder)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise DemoError(f"training the models failed: {done.stderr.strip()}")
    content = json.loads(held_out.read_text())
    return Models(folder, content["rows"], content["models"])
