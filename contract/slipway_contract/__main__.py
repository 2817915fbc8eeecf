"""`python -m slipway_contract` prints the JSON Schema of `model.yaml`."""

import sys

from slipway_contract.schema import json_schema

sys.stdout.write(json_schema())
