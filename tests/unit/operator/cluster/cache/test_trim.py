"""What is kept of an object."""

from slipway_operator.cluster.cache import trim
from slipway_operator.rollout.pods import answering

LONG = "kubectl.kubernetes.io/last-applied-configuration"


def test_the_books_of_others_are_left_aside_and_the_original_is_not_touched():
    body = {
        "metadata": {"name": "a", "managedFields": [1], "annotations": {LONG: "{}", "mine": "1"}},
        "spec": {"x": 1},
    }
    assert trim.plain(body) == {"metadata": {"name": "a", "annotations": {"mine": "1"}}, "spec": {"x": 1}}
    assert body["metadata"]["managedFields"] == [1]
    assert LONG in body["metadata"]["annotations"]


def test_a_gateways_status_is_no_news():
    assert trim.statusless({"metadata": {}, "spec": {}, "status": {"attachedRoutes": 7}}) == {
        "metadata": {},
        "spec": {},
    }


def test_of_a_pod_all_that_tells_of_its_state_is_kept():
    container = {"name": "c", "image": "i", "env": [1], "ports": [{"name": "http", "containerPort": 8080}]}
    status = {
        "podIP": "10.0.0.1",
        "hostIP": "10.0.0.2",
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [{"name": "c", "restartCount": 1}],
    }
    kept = trim.pod(
        {"metadata": {"name": "p"}, "spec": {"containers": [container], "volumes": [1]}, "status": status}
    )
    assert kept["spec"] == {"containers": [{"name": "c", "ports": container["ports"]}]}
    assert "hostIP" not in kept["status"]
    assert answering([kept]) == [kept]


def test_of_a_deployment_the_replicas_are_kept():
    spec = {"replicas": 2, "template": {"spec": {}}}
    assert trim.deployment({"metadata": {}, "spec": spec, "status": {"replicas": 1}}) == {
        "metadata": {},
        "spec": {"replicas": 2},
        "status": {"replicas": 1},
    }


def test_of_a_route_it_is_kept_who_else_has_written_its_spec():
    def entry(manager, part, **more):
        return {"manager": manager, "fieldsV1": {part: {"f:rules": {}}}, **more}

    theirs = entry("kubectl-edit", "f:spec")
    others = [
        entry("slipway", "f:spec"),
        entry("envoy", "f:status"),
        entry("x", "f:spec", subresource="status"),
    ]
    assert trim.route({"metadata": {"managedFields": others}})["metadata"] == {}
    assert trim.route({"metadata": {"managedFields": [*others, theirs]}})["metadata"] == {
        "managedFields": [theirs]
    }


def test_of_a_record_nothing_is_kept_but_that_it_is_there():
    assert trim.record({"metadata": {"name": "a"}, "data": {"x": 1}}) == {"metadata": {"name": "a"}}
