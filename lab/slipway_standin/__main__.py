"""``python -m slipway_standin``."""

import sys

from slipway_standin.main import main

if __name__ == "__main__":
    sys.exit(main())
