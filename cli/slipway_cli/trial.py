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

    bundle = open_bundle(folder, digest)
    identity = Identity(bundle.manifest.name, bundle.manifest.version)
    start = time.perf_counter()
    loaded = load(bundle, identity, "auto")
    seconds = time.perf_counter() - start
    # An engine that came with the bundle answers without the pipeline, which is to stand in where it cannot be used.
    tried = [loaded, load(bundle, identity, "sklearn")] if loaded.choice.ahead else [loaded]
    for one in tried:
        if one.golden is not None:
            require_equal(one.core.engine, one.golden, "something it needs is not as it was there")
    return Trial(
        engine=loaded.choice.describe(),
        golden_rows=0 if loaded.golden is None else len(loaded.golden.table),
        warnings=sorted({warning for one in tried for warning in one.warnings}),
        seconds=round(seconds, 2),
    )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
