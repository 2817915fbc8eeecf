"""The GRPCRoute as it is rendered, and who speaks gRPC."""

import pytest

from slipway_operator.api.spec import ModelDeploymentSpec, ParentRef
from slipway_operator.cluster.render.backends import holds
from slipway_operator.cluster.render.common import Subject
from slipway_operator.cluster.render.grpc import grpc_port, render_grpc_route, speaks_grpc
from slipway_operator.rollout.observation import Course, Mirror

OLD, NEW = "aaaa1111", "bbbb2222"
GATEWAY = [ParentRef(name="gw", namespace="infra")]
HOSTS = ["churn.example.com"]


def spec(**over):
    model = {"uri": "pvc://models/churn/2", "digest": "sha256:" + "a" * 64}
    return ModelDeploymentSpec.model_validate({"model": model, **over})


def rendered(course, ports, components=None):
    subject = Subject("churn", "ml", "uid-1", spec())
    return render_grpc_route(subject, GATEWAY, HOSTS, course, components or {}, ports)


def weights(rule):
    return {part["name"]: (part["port"], part["weight"]) for part in rule["backendRefs"]}


def test_it_leads_to_the_grpc_ports_with_the_weights_of_the_course():
    course = Course({OLD: 900_000, NEW: 100_000}, Mirror(NEW, 25), frozenset({OLD, NEW}))
    body = rendered(course, {OLD: 9000, NEW: 80}, {NEW: "transformer"})
    first, *pins = body["spec"]["rules"]
    assert weights(first) == {
        f"churn-{OLD}-predictor": (9000, 900_000),
        f"churn-{NEW}-transformer": (80, 100_000),
    }
    mirror = first["filters"][0]["requestMirror"]
    assert mirror == {"backendRef": {"name": f"churn-{NEW}-transformer", "port": 80}, "percent": 25}
    assert [pin["matches"][0]["headers"][0]["value"] for pin in pins] == [OLD, NEW]
    assert body["spec"]["hostnames"] == HOSTS
    assert body["metadata"]["ownerReferences"][0]["uid"] == "uid-1"


def test_every_rule_takes_the_protocols_own_service_and_nothing_of_rests():
    body = rendered(Course({OLD: 1}, pins=frozenset({OLD, NEW})), {OLD: 9000, NEW: 9000})
    services = [match["method"]["service"] for rule in body["spec"]["rules"] for match in rule["matches"]]
    assert services == ["inference.GRPCInferenceService"] * 3


def test_a_revision_without_grpc_gets_none_of_it():
    course = Course({OLD: 900_000, NEW: 100_000}, Mirror(NEW, 100), frozenset({OLD, NEW}))
    first, *pins = rendered(course, {OLD: 9000})["spec"]["rules"]
    assert list(weights(first)) == [f"churn-{OLD}-predictor"]
    assert "filters" not in first
    assert len(pins) == 1


def test_where_none_speaks_grpc_there_is_no_route():
    assert rendered(Course({OLD: 1_000_000}), {NEW: 9000}) is None


@pytest.mark.parametrize(
    ("ports", "found"),
    [
        ([{"port": 80}, {"port": 9000, "name": "grpc"}], 9000),
        ([{"port": 80, "name": "h2c"}], 80),
        ([{"port": 80}, {"port": 8033, "name": "other", "appProtocol": "kubernetes.io/h2c"}], 8033),
        ([{"port": 80, "name": "http1"}], None),
        ([], None),
    ],
)
def test_the_port_is_the_one_that_kserve_has_marked(ports, found):
    assert grpc_port({"spec": {"ports": ports}}) == found


GRPC = [{"containerPort": 8080}, {"name": "grpc", "containerPort": 9000}]


@pytest.mark.parametrize(
    ("template", "runtime", "speaks"),
    [
        ({}, GRPC, True),
        ({}, [{"containerPort": 8080}], False),
        ({"predictor": {"model": {"ports": GRPC}}}, [], True),
        ({"predictor": {"minReplicas": 1}}, [], False),
        ({"transformer": {"containers": [{"name": "t"}]}}, GRPC, False),
        ({"transformer": {"containers": [{"name": "t", "ports": GRPC}]}}, [], True),
        ({"transformer": {"containers": [{"name": "t"}, {"name": "s", "ports": GRPC}]}}, [], False),
    ],
)
def test_who_will_speak_grpc_is_told_by_the_entrys_container(template, runtime, speaks):
    containers = [{"name": "kserve-container", "ports": runtime}]
    body = {"spec": {"containers": containers}}
    assert speaks_grpc(spec(template={"spec": template}), body) is speaks


@pytest.mark.parametrize(
    ("whole", "part", "held"),
    [
        ({"a": 1, "kind": "Service"}, {"a": 1}, True),
        ({"a": [{"b": 1, "group": ""}]}, {"a": [{"b": 1}]}, True),
        ({"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 1}]}, False),
        ({"a": "text"}, {"a": "test"}, False),
        ({"a": None}, {"a": {"b": 1}}, False),
        (None, {"a": 1}, False),
    ],
)
def test_what_the_api_server_fills_in_does_not_count(whole, part, held):
    assert holds(whole, part) is held
