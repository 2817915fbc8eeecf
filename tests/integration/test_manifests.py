"""The committed manifests, the chart they come from, and the rights they ask for."""

import subprocess

import pytest
import yaml

from slipway_lab.manifests import INSTALL, helm_program, render
from slipway_lab.paths import CHECKOUT


@pytest.fixture(scope="module")
def helm():
    return helm_program()


def test_install_yaml_is_the_rendered_chart(helm):
    assert INSTALL.read_text() == render(helm), "run `make generate` and commit what it writes"


def documents():
    return [part for part in yaml.safe_load_all(INSTALL.read_text()) if part]


def test_no_right_is_a_wildcard():
    roles = [part for part in documents() if part["kind"].endswith("Role")]
    assert roles
    for role in roles:
        for rule in role["rules"]:
            for field in ("apiGroups", "resources", "verbs"):
                assert "*" not in rule[field], f"{role['metadata']['name']}: {rule}"
            assert "secrets" not in rule["resources"]


def test_the_operator_runs_without_privileges():
    (operator,) = [part for part in documents() if part["kind"] == "Deployment"]
    pod = operator["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}


def test_several_operators_share_a_lease_and_its_rights_are_for_that_one_only():
    (operator,) = [part for part in documents() if part["kind"] == "Deployment"]
    (container,) = operator["spec"]["template"]["spec"]["containers"]
    environment = {part["name"]: part["value"] for part in container["env"]}
    namespace, name = environment["SLIPWAY_LEASE"].split("/")
    (role,) = [part for part in documents() if part["kind"] == "Role"]
    assert role["metadata"]["namespace"] == namespace
    assert {tuple(rule.get("resourceNames", [])): rule["verbs"] for rule in role["rules"]} == {
        (): ["create"],
        (name,): ["get", "update"],
    }
    assert operator["spec"]["strategy"]["type"] == "RollingUpdate"


def test_high_availability_spreads_them_and_lets_one_go_at_a_time(helm):
    command = [helm, "template", "x", CHECKOUT / "charts/slipway", "--set", "operator.replicas=2"]
    rendered = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = {part["kind"]: part for part in yaml.safe_load_all(rendered) if part}
    assert found["Deployment"]["spec"]["replicas"] == 2
    assert found["Deployment"]["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert found["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize(
    "setting",
    ["operator.replicas=0", "gateway.name=", "urlPort=http", "operator.image.pullPolicy=Sometimes", "typo=1"],
)
def test_wrong_values_are_refused(helm, setting):
    command = [helm, "template", "x", CHECKOUT / "charts/slipway", "--set", setting]
    refused = subprocess.run(command, capture_output=True, text=True)
    assert refused.returncode != 0
    assert setting.partition("=")[0].rpartition(".")[2] in refused.stderr
