"""Which controller is asked for, and how KServe's own configuration is turned to the lab."""

import base64
import json

import pytest
import yaml

from slipway_lab.errors import LabError
from slipway_lab.kserve import Mode, standard_mode, webhooks

WEBHOOKS = """
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {creationTimestamp: null, name: one}
webhooks:
  - name: a
    clientConfig: {service: {name: $(name), namespace: $(namespace), path: /mutate}}
    failurePolicy: Fail
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: two}
webhooks:
  - {name: b, clientConfig: {service: {path: /validate}}}
---
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / "crds").mkdir()
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "webhooks.yaml").write_text(WEBHOOKS)
    return tmp_path


@pytest.fixture
def binary(tmp_path):
    path = tmp_path / "manager"
    path.touch(mode=0o755)
    return path


def test_the_stand_in_is_what_runs_if_nothing_is_said():
    assert Mode.from_environment({}) == Mode("standin")
    assert Mode.from_environment({"KSERVE": "", "KSERVE_CONFIG": ""}) == Mode("standin")


def test_full_definitions_with_the_stand_in(config):
    mode = Mode.from_environment({"KSERVE_CONFIG": str(config)})
    assert mode == Mode("standin", config)
    assert str(config) in mode.describe()


def test_none_takes_no_notice_of_definitions(config):
    mode = Mode.from_environment({"KSERVE": "none", "KSERVE_CONFIG": str(config)})
    assert mode == Mode("none")


def test_kserves_own_controller(config, binary):
    mode = Mode.from_environment({"KSERVE_CONFIG": str(config), "KSERVE_MANAGER": str(binary)})
    assert mode == Mode("manager", config, binary)
    assert str(binary) in mode.describe()


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"KSERVE": "knative"}, "KSERVE=knative"),
        ({"KSERVE_CONFIG": "nowhere"}, "KSERVE_CONFIG=nowhere does not exist"),
        ({"KSERVE_MANAGER": "nowhere"}, "KSERVE_MANAGER=nowhere does not exist"),
        ({"KSERVE_MANAGER": "{binary}"}, "needs KSERVE_CONFIG too"),
        ({"KSERVE_MANAGER": "{binary}", "KSERVE_CONFIG": "{config}", "KSERVE": "none"}, "contradict"),
        ({"KSERVE_MANAGER": "{config}/config/webhooks.yaml", "KSERVE_CONFIG": "{config}"}, "chmod \\+x"),
        ({"KSERVE_CONFIG": "{config}/config"}, "has no folder crds/"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_way_out(environment, words, config, binary):
    filled = {name: value.format(config=config, binary=binary) for name, value in environment.items()}
    with pytest.raises(LabError, match=words):
        Mode.from_environment(filled)


def test_configuration_is_turned_to_standard_mode_and_the_gateway_and_otherwise_kept():
    data = {
        "deploy": json.dumps({"defaultDeploymentMode": "Serverless", "other": 1}),
        "ingress": json.dumps({"enableGatewayApi": False, "ingressDomain": "example.com"}),
        "logger": "kept as it is",
    }
    changed = standard_mode({"kind": "ConfigMap", "data": data})
    assert json.loads(changed["data"]["deploy"]) == {"defaultDeploymentMode": "Standard", "other": 1}
    assert json.loads(changed["data"]["ingress"]) == {
        "enableGatewayApi": True,
        "disableIstioVirtualHost": True,
        "kserveIngressGateway": "kserve/kserve-ingress-gateway",
        "ingressDomain": "example.com",
    }
    assert changed["data"]["logger"] == "kept as it is"
    assert "Serverless" in data["deploy"]


def test_webhooks_lead_to_the_node_and_trust_the_given_authority(config):
    listing = webhooks(config, b"certificate")
    one, two = listing["items"]
    client = one["webhooks"][0]["clientConfig"]
    assert client["url"] == "https://10.77.0.10:9443/mutate"
    assert base64.b64decode(client["caBundle"]) == b"certificate"
    assert "service" not in client
    assert one["metadata"] == {"name": "one"}
    assert two["webhooks"][0]["clientConfig"]["url"].endswith(":9443/validate")
    assert yaml.safe_load(json.dumps(listing)) == listing
