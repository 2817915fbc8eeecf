"""Service, routes and HPA beyond what the recordings show."""

from typing import Any

import pytest

from slipway_standin.hpa import autoscaler, is_scaled
from slipway_standin.pod import metadata
from slipway_standin.route import routes
from slipway_standin.service import service
from slipway_standin.settings import Settings


def exposed(isvc: dict, ports: list) -> dict:
    return service(isvc, metadata(isvc, None), {"containers": [{"name": "kserve-container", "ports": ports}]})


def test_without_declared_ports_80_goes_to_8080(an_isvc: Any) -> None:
    ports = exposed(an_isvc(), [])["spec"]["ports"]
    assert ports == [{"name": "m-predictor", "port": 80, "targetPort": 8080, "protocol": "TCP"}]


def test_further_ports_keep_their_number_and_grpc_is_marked_and_routed_by_itself(an_isvc: Any) -> None:
    made = exposed(
        an_isvc(), [{"containerPort": 8080, "name": "http"}, {"containerPort": 9000, "name": "h2c"}]
    )
    assert made["spec"]["ports"] == [
        {"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"},
        {
            "name": "h2c",
            "port": 9000,
            "targetPort": 9000,
            "protocol": "TCP",
            "appProtocol": "kubernetes.io/h2c",
        },
    ]
    grpc, rest = routes(an_isvc(), made, Settings())[0]["spec"]["rules"]
    assert (grpc["backendRefs"][0]["port"], rest["backendRefs"][0]["port"]) == (9000, 80)
    assert grpc["matches"][0]["headers"][0]["name"] == "content-type"


def test_routes_attach_to_the_gateway_given_and_take_the_timeout(an_isvc: Any) -> None:
    isvc = an_isvc(predictor={"timeout": 7, "name": "v2"})
    predictor, own = routes(isvc, exposed(isvc, []), Settings(gateway="infra/gw", domain="d.test"))
    assert [route["metadata"]["name"] for route in (predictor, own)] == ["m-predictor", "m"]
    assert own["spec"]["hostnames"] == ["m-ns.d.test"]
    assert {own["spec"]["parentRefs"][0][key] for key in ("namespace", "name")} == {"infra", "gw"}
    assert own["spec"]["rules"][0]["timeouts"] == {"request": "7s"}
    assert own["spec"]["rules"][0]["backendRefs"][0]["name"] == "m-v2-predictor"


@pytest.mark.parametrize(
    ("predictor", "bounds", "targets"),
    [
        ({}, (1, 1), [("cpu", {"type": "Utilization", "averageUtilization": 80})]),
        ({"minReplicas": 0}, (1, 1), [("cpu", {"type": "Utilization", "averageUtilization": 80})]),
        ({"minReplicas": 2, "maxReplicas": 5, "scaleTarget": 50}, (2, 5),
         [("cpu", {"type": "Utilization", "averageUtilization": 50})]),
        ({"scaleMetric": "memory"}, (1, 1), []),
        ({"scaleMetric": "memory", "scaleTarget": 60}, (1, 1),
         [("memory", {"type": "Utilization", "averageUtilization": 60})]),
        ({"autoScaling": {"metrics": [
            {"resource": {"name": "cpu", "target": {"averageUtilization": 70}}},
            {"resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}}},
            {"podmetric": {}}]}}, (1, 1),
         [("cpu", {"type": "Utilization", "averageUtilization": 70}),
          ("memory", {"type": "AverageValue", "averageValue": "1Gi"})]),
    ],
)  # fmt: skip
def test_the_autoscaler(an_isvc: Any, predictor: dict, bounds: tuple, targets: list) -> None:
    isvc = an_isvc(predictor=predictor)
    spec = autoscaler(isvc, metadata(isvc, None))["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == bounds
    assert [(m["resource"]["name"], m["resource"]["target"]) for m in spec["metrics"]] == targets


@pytest.mark.parametrize(
    ("value", "scaled"), [(None, True), ("hpa", True), ("none", False), ("external", False)]
)
def test_the_autoscaler_class(an_isvc: Any, value: str | None, scaled: bool) -> None:
    isvc = an_isvc()
    if value:
        isvc["metadata"]["annotations"]["serving.kserve.io/autoscalerClass"] = value
    assert is_scaled(metadata(isvc, None)) is scaled
