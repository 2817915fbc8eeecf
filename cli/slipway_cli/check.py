"""Checking a bundle: is it whole, and can it be served here? The Python call behind `slipway bundle check`.

    from slipway_cli.check import check
    report = check("churn-1", digest="sha256:…", load=True)

Loading happens in a process of its own: it runs what the bundle brings, and nothing of that stays here.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from slipway_contract import Bundle, BundleError, verify


class CannotBeServed(BundleError):  # noqa: N818 (reads as the sentence it carries)
    """The bundle is whole, but not served here: it cannot be loaded, or answers otherwise than where it was made."""


@dataclass(frozen=True)
class Trial:
    """How loading went."""

    engine: str
    """The engine a predictor would choose here, and how it was found to be equal."""
    golden_rows: int
    """How many golden rows were answered as where the bundle was made; 0 if it has none."""
    warnings: list[str]
    """What a predictor would warn of."""
    seconds: float


@dataclass(frozen=True)
class Report:
    """A bundle that passed."""

    bundle: Bundle
    trial: Trial | None = None


def check(folder: str | PathLike[str], *, digest: str | None = None, load: bool = False) -> Report:
    """Check every file of the bundle in `folder` against model.yaml, and that against `digest` if given.

    With `load` the model is loaded, too, in another process, as a predictor would, and must answer its golden rows as it
    did where the bundle was made. That runs the code in a pickle or wheel: only for bundles you trust.
    Raises BundleError when the bundle is not whole, and CannotBeServed when it is, but cannot be served here.
    """
    bundle = verify(Path(folder), digest)
    return Report(bundle, _tried(bundle) if load else None)


def _tried(bundle: Bundle) -> Trial:
    # -P: the folder this runs in is not on the import path, as it is not where the bundle will be served.
    command = [sys.executable, "-P", "-m", "slipway_cli.trial", str(bundle.root), bundle.digest]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = done.stderr.strip().splitlines()
    if done.returncode == 1 and lines:
        raise CannotBeServed(lines[-1])
    if done.returncode:
        last = f": {lines[-1]}" if lines else ""
        raise CannotBeServed(f"loading the model ended its process with status {done.returncode}{last}")
    return Trial(**json.loads(done.stdout.splitlines()[-1]))
