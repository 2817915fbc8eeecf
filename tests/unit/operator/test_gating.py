"""Where the canary's own Service is reached."""

import pytest

from slipway_operator.gating import entries


def pod(address, *, ready=True, ports=(), component="predictor"):
    return {
        "metadata": {"name": f"pod-{address}", "labels": {"component": component}},
        "spec": {"containers": [{"ports": [*ports]}]},
        "status": {
            "podIP": address,
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        },
    }


def service(address, target=8080):
    return {"spec": {"clusterIP": address, "ports": [{"port": 80, "targetPort": target}]}}


PODS = [
    pod("10.0.0.1"),
    pod("10.0.0.2", ready=False),
    pod("10.0.0.3"),
]
NAMED = [pod("10.0.0.1", ports=[{"name": "web", "containerPort": 9000}])]


@pytest.mark.parametrize(
    ("found", "pods", "expected"),
    [
        (service("10.96.0.7"), PODS, ["http://10.96.0.7:80"]),
        (service("fd00::7"), PODS, ["http://[fd00::7]:80"]),
        (service("None"), [PODS[0], PODS[2]], ["http://10.0.0.1:8080", "http://10.0.0.3:8080"]),
        (service("None", "web"), NAMED, ["http://10.0.0.1:9000"]),
        (service("None"), [pod("fd00::1")], ["http://[fd00::1]:8080"]),
        ({"spec": {"clusterIP": "None"}}, NAMED, ["http://10.0.0.1:80"]),
        (service("None"), [], []),
    ],
)
def test_a_service_is_reached_by_its_address_or_else_at_its_pods(found, pods, expected):
    assert list(entries(found, pods)) == expected
