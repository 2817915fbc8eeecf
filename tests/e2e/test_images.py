"""Each image carries its own program and nothing of the other's, and runs as nobody on a read-only file system."""

import json

import pytest

pytestmark = pytest.mark.e2e

CODE = """
import importlib.util, json, os, sys
importlib.import_module(sys.argv[1])
found = [name for name in sys.argv[2].split(",") if importlib.util.find_spec(name)]
try:
    open("/app/written", "w")
    found.append("a writable root")
except OSError:
    pass
print(json.dumps([os.getuid(), found]))
"""


def ask(place, namespace, pod, program, foreign):
    printed = place.target.run(
        "-n", namespace, "exec", pod, "--", "/app/bin/python", "-c", CODE, program, foreign
    )
    return json.loads(printed)


def test_the_operators_image(place):
    found = place.target.get("pods", "-n", "slipway", "-l", "app.kubernetes.io/component=operator")
    pod = next(
        part["metadata"]["name"] for part in found["items"] if "deletionTimestamp" not in part["metadata"]
    )
    assert ask(place, "slipway", pod, "slipway_operator.main", "kserve,sklearn,numpy,slipway_predictor") == [
        65532,
        [],
    ]


def test_the_predictors_image(place):
    place.serve("1")
    (pod,) = place.pods()
    assert ask(place, place.namespace, pod, "slipway_predictor.main", "kopf,slipway_operator") == [65532, []]
