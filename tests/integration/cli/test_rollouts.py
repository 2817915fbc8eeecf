"""`slipway status` and its sisters, through real kubectl and a real API server."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from slipway_lab.cache import Cache
from slipway_lab.paths import Paths

pytestmark = pytest.mark.integration

CRDS = Path(__file__).resolve().parents[3] / "manifests/crds"
BODY = {
    "apiVersion": "slipway.dev/v1alpha1",
    "kind": "ModelDeployment",
    "metadata": {"name": "churn"},
    "spec": {"model": {"uri": "pvc://models/1", "digest": "sha256:" + "0" * 64}},
}


class Place:
    """A namespace with a ModelDeployment; the test plays the operator."""

    def __init__(self, namespace, environment):
        self.namespace, self.environment = namespace, environment

    def kubectl(self, *words, stdin=None):
        return subprocess.run(
            ["kubectl", "-n", self.namespace, *words],
            input=stdin, env=self.environment, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    def slipway(self, *words):
        return subprocess.run(
            [sys.executable, "-m", "slipway_cli", *words, "-n", self.namespace],
            env=self.environment, capture_output=True, text=True,
        )  # fmt: skip

    def get(self):
        return json.loads(self.kubectl("get", "md", "churn", "-o", "json"))

    def tell(self, **status):
        patch = json.dumps({"status": {"observedGeneration": 1, **status}})
        self.kubectl("patch", "md", "churn", "--subresource=status", "--type=merge", "--patch", patch)

    def acknowledge(self, verb, message):
        """What the operator does, as soon as the annotation is there."""
        for _ in range(200):
            identity = self.get()["metadata"].get("annotations", {}).get(f"slipway.dev/{verb}")
            if identity:
                return self.tell(commands={verb: identity}, message=message)
            time.sleep(0.05)
        raise AssertionError(f"no command {verb} came")


@pytest.fixture
def place(apiserver, namespace):
    folder = Cache(Paths.here().cache).bin
    environment = {
        **os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "KUBECONFIG": str(apiserver.kubeconfig)
    }  # fmt: skip
    place = Place(namespace, environment)
    place.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(CRDS))
    place.kubectl("wait", "--for=condition=Established", "crd/modeldeployments.slipway.dev")
    place.kubectl("create", "-f", "-", stdin=json.dumps(BODY))
    return place


def test_status_tells_and_wait_ends_with_the_rollout(place):
    assert place.slipway("status", "churn").stdout.strip().endswith("not seen by the operator yet")
    place.tell(phase="Healthy", message="Version 1 serves")
    done = place.slipway("status", "churn", "--wait", "--timeout", "10")
    assert (done.returncode, "Version 1 serves" in done.stdout) == (0, True)
    place.tell(phase="RolledBack", message="Version 1 was rolled back")
    assert place.slipway("status", "churn", "--wait", "--timeout", "10").returncode == 1


def test_a_command_waits_for_its_acknowledgement(place):
    operator = threading.Thread(target=place.acknowledge, args=("promote-full", "goes to 100 %"))
    operator.start()
    done = place.slipway("promote", "churn", "--full")
    operator.join()
    assert (done.returncode, done.stdout.strip()) == (0, "goes to 100 %"), done.stderr


def test_a_rollback_may_name_where_to(place):
    operator = threading.Thread(target=place.acknowledge, args=("rollback", "Back to version 7"))
    operator.start()
    done = place.slipway("rollback", "churn", "--to", "7")
    operator.join()
    assert (done.returncode, done.stdout.strip()) == (0, "Back to version 7"), done.stderr
    assert place.get()["metadata"]["annotations"]["slipway.dev/rollback"].endswith("/7")


def test_an_operator_that_is_away_is_told_of_and_the_command_stays(place):
    done = place.slipway("abort", "churn", "--timeout", "1")
    assert done.returncode == 1
    assert "has not acknowledged abort within 1 s: it will once it runs" in done.stderr
    assert place.get()["metadata"]["annotations"]["slipway.dev/abort"]


def test_what_is_not_there_is_told_by_kubectls_own_words(place):
    done = place.slipway("pause", "nobody")
    assert done.returncode == 1
    assert 'modeldeployments.slipway.dev "nobody" not found' in done.stderr


def test_kubectl_is_needed(place):
    place.environment["PATH"] = "/nowhere"
    done = place.slipway("status", "churn")
    assert "kubectl is not on the PATH" in done.stderr
