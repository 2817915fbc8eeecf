"""`python -m slipway_cli.trial FOLDER DIGEST`: load a bundle as a predictor does; what came of it as one line of JSON.

Run by check.py. Exit status 1 with one sentence on stderr when the bundle cannot be served here.
"""

import dataclasses
import json
import sys
import time
from pathlib import Path

from slipway_cli.check import Trial
from slipway_contract import BundleError, open_bundle


def main(folder: str, digest: str) -> int:
    """Load the bundle; return the exit status."""
    try:
        trial = _load(Path(folder), digest)
    except BundleError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 1
    print(json.dumps(dataclasses.asdict(trial)))
    return 0


def _load(folder: Path, digest: str) -> Trial:
    from slipway_predictor.bundle.golden import require_equal
    from slipway_predictor.serving.core import Identity
    from slipway_predictor.serving.loading import load

    start = time.perf_counter()
    bundle = open_bundle(folder, digest)
    loaded = load(bundle, Identity(bundle.manifest.name, bundle.manifest.version), "auto")
    if loaded.golden is not None:
        require_equal(loaded.core.engine, loaded.golden, "something it needs is not as it was there")
    return Trial(
        engine=loaded.choice.describe(),
        golden_rows=0 if loaded.golden is None else len(loaded.golden.table),
        warnings=loaded.warnings,
        seconds=round(time.perf_counter() - start, 2),
    )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
