"""`slipway-predictor`: the entry point.

Whatever goes wrong ends in one sentence as the last line on stderr, which Kubernetes takes for the pod's termination
message and the operator for its status.
"""

import os
import sys
import traceback
from collections.abc import Sequence

from slipway_contract import BundleError
from slipway_predictor.bare import as_bundle
from slipway_predictor.errors import CannotServe
from slipway_predictor.settings import Settings, parse


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; return the exit status (0 stopped as asked, 1 could not serve)."""
    settings = parse(arguments, os.environ)
    try:
        _serve(settings)
    except (BundleError, CannotServe) as error:
        return _fail(str(error))
    except Exception as error:
        traceback.print_exc()
        return _fail(
            f"stopped by an error of its own, {type(error).__name__}: {error}; the lines above show where"
        )
    return 0


def _serve(settings: Settings) -> None:
    from slipway_predictor.serving.run import run

    with as_bundle(settings) as bundled:
        run(bundled)


def _fail(sentence: str) -> int:
    sys.stdout.flush()
    sys.stderr.write(f"slipway-predictor: {' '.join(sentence.split())}\n")
    sys.stderr.flush()
    return 1
