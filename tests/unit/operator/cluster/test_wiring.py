"""Which ModelDeployments a change concerns."""

import pytest

from slipway_operator.api import names
from slipway_operator.cluster.kinds import (
    CLUSTER_ROLLOUT_POLICY,
    CLUSTER_SERVING_RUNTIME,
    GATEWAY,
    HTTP_ROUTE,
    MODEL_DEPLOYMENT,
    POD,
    ROLLOUT_POLICY,
    SERVICE,
    SERVING_RUNTIME,
)
from slipway_operator.cluster.wiring import Wiring
from slipway_operator.settings import Settings

CHURN, FRAUD = ("ml", "churn"), ("ml", "fraud")


def body(namespace, name, version=1, *, labels=None, **content):
    metadata = {
        "namespace": namespace,
        "name": name,
        "uid": f"{namespace}-{name}",
        "resourceVersion": str(version),
        "labels": labels or {},
        "creationTimestamp": f"2026-01-{version:02}",
    }
    return {"metadata": metadata, **content}


def deployment(namespace, name, version=1, *, runtime="slipway-sklearn", hostnames=None, policy=None):
    traffic = {"hostnames": hostnames} if hostnames else {}
    model = {"uri": "s3://m/1", "digest": "sha256:" + "0" * 64, "runtime": runtime}
    rollout = {"rollout": {"policyRef": policy}} if policy else {}
    return body(namespace, name, version, spec={"model": model, "traffic": traffic, **rollout})


@pytest.fixture
def looked():
    return set()


@pytest.fixture
def wiring(looked):
    found = Wiring(Settings(), looked.add)
    found.cache.store(MODEL_DEPLOYMENT).replace(
        [deployment(*CHURN), deployment(*FRAUD, runtime="triton"), deployment("other", "churn")], "5"
    )
    looked.clear()
    return found


def test_all_are_known(wiring):
    assert sorted(wiring.all()) == [CHURN, FRAUD, ("other", "churn")]


@pytest.mark.parametrize(
    ("kind", "changed", "concerned"),
    [
        (POD, body("ml", "churn-1-x", labels={names.LABEL_DEPLOYMENT: "churn"}), {CHURN}),
        (CLUSTER_SERVING_RUNTIME, body("", "triton", spec={}), {FRAUD}),
        (SERVING_RUNTIME, body("ml", "slipway-sklearn", spec={}), {CHURN}),
        (SERVING_RUNTIME, body("ml", "churn-1", labels={names.LABEL_DEPLOYMENT: "churn"}), {CHURN}),
        (GATEWAY, body("eg", "gateway", spec={}), {CHURN, FRAUD, ("other", "churn")}),
        (
            SERVICE,
            body("eg", "envoy", labels={"gateway.networking.k8s.io/gateway-name": "gateway"}),
            {CHURN, FRAUD, ("other", "churn")},
        ),
        (HTTP_ROUTE, body("ml", "churn"), {CHURN}),
        (SERVICE, body("ml", "fraud"), {FRAUD}),
    ],
)
def test_a_change_concerns(wiring, looked, kind, changed, concerned):
    wiring.cache.see(kind, "ADDED", changed)
    assert looked == concerned
    looked.clear()
    wiring.cache.see(kind, "DELETED", changed)
    assert looked == concerned


def test_a_host_name_that_is_free_again_concerns_who_waits_for_it(wiring, looked):
    wiring.cache.see(MODEL_DEPLOYMENT, None, deployment(*CHURN, 6, hostnames=["a.example.com"]))
    wiring.cache.see(MODEL_DEPLOYMENT, None, deployment(*FRAUD, 7, hostnames=["a.example.com"]))
    assert wiring.claims.conflict(FRAUD, "a.example.com") == CHURN
    looked.clear()
    wiring.cache.see(MODEL_DEPLOYMENT, "MODIFIED", deployment(*CHURN, 8))
    assert FRAUD in looked
    assert wiring.claims.conflict(FRAUD, "a.example.com") is None
    wiring.cache.see(MODEL_DEPLOYMENT, "MODIFIED", deployment(*CHURN, 9, hostnames=["a.example.com"]))
    looked.clear()
    wiring.cache.see(MODEL_DEPLOYMENT, "DELETED", deployment(*CHURN, 10))
    assert FRAUD in looked
    assert wiring.claims.conflict(FRAUD, "a.example.com") is None


def test_a_spec_that_cannot_be_read_keeps_the_names_that_it_had(wiring):
    wiring.cache.see(MODEL_DEPLOYMENT, None, deployment(*CHURN, 6, hostnames=["a.example.com"]))
    broken = deployment(*CHURN, 7)
    broken["spec"] = {}
    wiring.cache.see(MODEL_DEPLOYMENT, None, broken)
    assert wiring.claims.conflict(FRAUD, "a.example.com") == CHURN


@pytest.mark.parametrize(
    ("kind", "namespace", "policy"),
    [
        (ROLLOUT_POLICY, "ml", {"name": "safe"}),
        (CLUSTER_ROLLOUT_POLICY, "", {"kind": "ClusterRolloutPolicy", "name": "safe"}),
    ],
)
def test_a_policy_concerns_who_refers_to_it(wiring, looked, kind, namespace, policy):
    wiring.cache.see(MODEL_DEPLOYMENT, None, deployment(*CHURN, 6, policy=policy))
    looked.clear()
    wiring.cache.see(kind, "ADDED", body(namespace, "safe", spec={}))
    wiring.cache.see(kind, "ADDED", body(namespace, "other", spec={}))
    assert looked == {CHURN}
    wiring.cache.see(MODEL_DEPLOYMENT, "DELETED", deployment(*CHURN, 7))
    looked.clear()
    wiring.cache.see(kind, "DELETED", body(namespace, "safe", spec={}))
    assert looked == set()


def test_grpcs_own_host_names_are_claimed_like_the_others(wiring):
    body = deployment("ml", "spam", 7)
    body["spec"]["traffic"] = {"grpc": {"hostnames": ["grpc.example.com"]}}
    wiring.cache.see(MODEL_DEPLOYMENT, "ADDED", body)
    assert wiring.claims.conflict(FRAUD, "grpc.example.com") == ("ml", "spam")


def test_a_route_of_the_users_concerns_those_who_name_it_and_its_host_names_are_not_claimed(wiring, looked):
    body = deployment("ml", "spam", 7)
    body["spec"]["traffic"] = {"routeRef": {"name": "front"}}
    wiring.cache.see(MODEL_DEPLOYMENT, "ADDED", body)
    looked.clear()
    route = {"metadata": {"namespace": "ml", "name": "front", "uid": "r", "resourceVersion": "9"}, "spec": {}}
    wiring.cache.see(HTTP_ROUTE, "ADDED", route)
    assert looked == {("ml", "spam"), ("ml", "front")}
    assert wiring.claims.conflict(FRAUD, Settings().hostname("spam", "ml")) is None
