"""`python -m slipway_predictor.workers.worker LINE INDEX serve …`: one worker, started by the supervisor."""

import os
import socket
import sys
import traceback

from slipway_contract import BundleError
from slipway_predictor.errors import CannotServe
from slipway_predictor.settings import parse


def main(line: int, index: int, arguments: list[str]) -> int:
    """Serve as one of the workers; a sentence about a failure goes over the line, for the supervisor to say last."""
    from slipway_predictor.serving.run import work
    from slipway_predictor.workers.link import Link

    link = Link(socket.socket(fileno=line), index)
    try:
        work(parse(arguments, os.environ), link)
    except (BundleError, CannotServe) as error:
        link.failed(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        traceback.print_exc()
        link.failed(f"a worker stopped by an error of its own, {type(error).__name__}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
