"""The policy that keeps clients on one revision."""

import pytest

from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.cluster.render.common import Subject
from slipway_operator.cluster.render.sticky import policy_accepted, render_policy


def rendered(traffic):
    model = {"uri": "s3://models/1", "digest": "sha256:" + "0" * 64}
    spec = ModelDeploymentSpec.model_validate({"model": model, "traffic": traffic})
    return render_policy(Subject("churn", "ml", "uid-1", spec))


@pytest.mark.parametrize("traffic", [None, {}, {"grpc": {}}])
def test_without_being_asked_for_there_is_none(traffic):
    assert rendered(traffic) is None


@pytest.mark.parametrize(("grpc", "kinds"), [({}, ["HTTPRoute"]), ({"grpc": {}}, ["HTTPRoute", "GRPCRoute"])])
def test_the_headers_hash_chooses_on_all_routes_of_the_deployment(grpc, kinds):
    body = rendered({"sticky": {"header": "x-user-id"}, **grpc})
    assert [(ref["kind"], ref["name"]) for ref in body["spec"]["targetRefs"]] == [
        (kind, "churn") for kind in kinds
    ]
    hashed = body["spec"]["loadBalancer"]["consistentHash"]
    assert hashed == {"type": "Headers", "headers": [{"name": "x-user-id"}]}
    assert body["metadata"]["ownerReferences"][0]["uid"] == "uid-1"


@pytest.mark.parametrize(
    ("ancestors", "accepted"),
    [
        ([], (False, None)),
        ([("True", 2)], (True, None)),
        ([("True", 1)], (False, None)),
        ([("True", 2), ("False", 2)], (False, "another policy has the route")),
        ([None], (False, None)),
    ],
)
def test_it_is_accepted_when_every_gateway_has_accepted_it_as_it_is_now(ancestors, accepted):
    parts = [
        {
            "conditions": [
                {
                    "type": "Accepted",
                    "status": said[0],
                    "observedGeneration": said[1],
                    "message": "another policy has the route",
                }
            ]
            if said
            else []
        }
        for said in ancestors
    ]
    assert policy_accepted({"metadata": {"generation": 2}, "status": {"ancestors": parts}}) == accepted
