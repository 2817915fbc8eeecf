"""The chart's opt-in policy: who may deploy is not who may approve. Judged by a real API server."""

import json
import os
import subprocess
import time

import pytest
import yaml

from slipway_lab.cache import Cache
from slipway_lab.manifests import helm_program
from slipway_lab.paths import CHECKOUT, Paths

pytestmark = pytest.mark.integration

BODY = {
    "apiVersion": "slipway.dev/v1alpha1",
    "kind": "ModelDeployment",
    "metadata": {"name": "churn"},
    "spec": {"model": {"uri": "pvc://models/1", "digest": "sha256:" + "0" * 64}},
}
PROMOTE = {"metadata": {"annotations": {"slipway.dev/promote": "1"}}}


@pytest.fixture(scope="module")
def kubectl(apiserver):
    """kubectl as cluster admin, or as somebody else; returns (exit status, what it said)."""
    environment = {**os.environ, "KUBECONFIG": str(apiserver.kubeconfig)}
    program = Cache(Paths.here().cache).bin / "kubectl"

    def run(*words, stdin=None):
        done = subprocess.run([program, *words], input=stdin, env=environment, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    return run


@pytest.fixture(scope="module")
def policy(kubectl):
    """The CRDs and the policy, in force."""
    assert (
        kubectl("apply", "--server-side", "--force-conflicts", "-f", str(CHECKOUT / "manifests/crds"))[0] == 0
    )
    command = [
        helm_program(),
        "template",
        "slipway",
        CHECKOUT / "charts/slipway",
        "--set",
        "approvals.enforce=true",
    ]
    command += ["--show-only", "templates/approvals.yaml"]
    rendered = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert kubectl("wait", "--for=condition=Established", "crd/modeldeployments.slipway.dev")[0] == 0
    status, words = kubectl("apply", "-f", "-", stdin=rendered)
    assert status == 0, words
    yield rendered
    kubectl("delete", "-f", "-", stdin=rendered)  # other tests promote as they like


@pytest.fixture
def people(kubectl, policy, namespace):
    """A developer and an approver in the namespace, with a ModelDeployment; gives a function to patch it."""
    assert kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(BODY))[0] == 0
    verbs = "--verb=get,list,watch,create,update,patch"
    kubectl("create", "role", "dev", "-n", namespace, verbs, "--resource=modeldeployments.slipway.dev")
    kubectl("create", "rolebinding", "dev", "-n", namespace, "--role=dev", "--user=dev", "--user=both")
    kubectl(
        "create", "rolebinding", "approver", "-n", namespace, "--clusterrole=slipway-approver", "--user=both"
    )

    def patch(user, change):
        words = [
            "patch",
            "md",
            "churn",
            "-n",
            namespace,
            "--type=merge",
            f"--as={user}",
            "-p",
            json.dumps(change),
        ]
        return kubectl(*words)

    _until_in_force(patch)
    return patch


def _until_in_force(patch):
    """A new policy takes a moment. Every probe asks for something new: what changes nothing is never refused."""
    for attempt in range(300):
        if patch("dev", {"metadata": {"annotations": {"slipway.dev/promote": f"probe-{attempt}"}}})[0]:
            return
        time.sleep(0.1)
    raise AssertionError("the policy never came into force")


@pytest.mark.parametrize("verb", ["promote", "promote-full"])
def test_a_developer_may_not_promote_and_is_told_what_is_missing(people, verb):
    status, words = people("dev", {"metadata": {"annotations": {f"slipway.dev/{verb}": "2"}}})
    assert status == 1
    assert "only who may approve ModelDeployment churn may promote it: the verb approve" in words
    assert "ClusterRole slipway-approver" in words


def test_a_developer_may_do_all_else(people):
    for change in (
        {"spec": {"model": {"uri": "pvc://models/2"}}},
        {"metadata": {"annotations": {"slipway.dev/abort": "1", "team": "a"}}},
        {"spec": {"suspend": True}},
    ):
        assert people("dev", change) == (0, "modeldeployment.slipway.dev/churn patched\n")


def test_how_it_rolls_out_is_the_approver_s(people):
    change = {"spec": {"rollout": {"strategy": "Direct"}}}
    status, words = people("dev", change)
    assert status == 1
    assert "may change its spec.rollout" in words
    assert people("both", change)[0] == 0


def test_an_approver_may_promote_and_then_the_developer_may_deploy_again(people):
    assert people("both", PROMOTE)[0] == 0
    assert people("dev", {"spec": {"model": {"uri": "pvc://models/3"}}})[0] == 0


def test_the_policy_is_off_unless_it_is_asked_for():
    installed = yaml.safe_load_all((CHECKOUT / "manifests/install.yaml").read_text())
    assert "ValidatingAdmissionPolicy" not in [part["kind"] for part in installed if part]
