"""`python -m slipway_predictor`, the same as `slipway-predictor`."""

import sys

from slipway_predictor.main import main

sys.exit(main())
