"""A route of the user's own, as it is read and rewritten."""

import pytest

from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.cluster.render.backends import name_revision
from slipway_operator.cluster.render.common import Subject
from slipway_operator.cluster.render.users import fault, lead, parents_of, read, rules_of

OLD, NEW = "aaaa1111", "bbbb2222"
MODEL = {"uri": "s3://models/1", "digest": "sha256:" + "0" * 64}
SUBJECT = Subject("churn", "ml", "uid", ModelDeploymentSpec.model_validate({"model": MODEL}))
PLACEHOLDER = {"name": "churn", "port": 80}


def route(*rules, **spec):
    metadata = {"name": "mine", "namespace": "ml", "generation": 4}
    return {"metadata": metadata, "spec": {"rules": list(rules), **spec}}


def rule(*refs, **rest):
    return {"backendRefs": list(refs), **rest}


def entry(revision, weight=1, component="predictor"):
    return {"name": f"churn-{revision}-{component}", "port": 80, "weight": weight}


@pytest.mark.parametrize(
    ("ref", "ours"),
    [
        (PLACEHOLDER, True),
        (entry(OLD), True),
        (entry(OLD, component="transformer"), True),
        ({**PLACEHOLDER, "kind": "Service", "group": "", "namespace": "ml"}, True),
        ({"name": "churned", "port": 80}, False),
        ({"name": f"churn-{OLD}-explainer"}, False),
        ({"name": f"churn-old-{OLD}-predictor"}, False),
        ({**PLACEHOLDER, "namespace": "other"}, False),
        ({**PLACEHOLDER, "kind": "Backend", "group": "gateway.envoyproxy.io"}, False),
    ],
)
def test_which_backends_are_this_deployments(ref, ours):
    problem = fault(SUBJECT, "mine", route(rule(ref)))
    assert (problem is None) is ours, problem


def test_shares_count_not_sums():
    found = read(SUBJECT, route(rule(entry(OLD, 3), entry(NEW, 1))), {})
    assert dict(found.split) == {OLD: 750_000, NEW: 250_000}
    assert not found.current, "the weights are to be millionths again"


def test_what_was_led_is_read_back():
    split = {OLD: 999_999, NEW: 1}
    plain = route(rule(PLACEHOLDER), rule({"name": "legacy"}))
    led = route(*lead(SUBJECT, plain, split, {NEW: "transformer"}))
    found = read(SUBJECT, led, {NEW: "transformer"})
    assert (dict(found.split), found.current, found.generation) == (split, True, 4)
    assert rules_of(SUBJECT, led) == {"httproute/ml/mine/rule/0": [OLD, NEW]}
    assert lead(SUBJECT, led, {}, {}) == plain["spec"]["rules"]


@pytest.mark.parametrize("weights", [{OLD: 600_000, NEW: 400_000}, {OLD: 500_000, NEW: 500_000}])
@pytest.mark.parametrize(
    "places", [[entry(OLD), entry(OLD, 0), entry(NEW)], [entry(NEW), entry(OLD, 0), entry(OLD)]]
)
def test_a_place_that_is_filled_up_takes_nothing_away(places, weights):
    led = route(*lead(SUBJECT, route(rule(*places)), weights, {}))
    assert 0 in [ref["weight"] for ref in led["spec"]["rules"][0]["backendRefs"]]
    found = read(SUBJECT, led, {})
    assert (dict(found.split), found.current) == (weights, True), (
        "written over and over, it would never settle"
    )


def test_rules_that_disagree_are_not_current():
    led = lead(SUBJECT, route(rule(PLACEHOLDER)), {OLD: 900_000, NEW: 100_000}, {})
    other = lead(SUBJECT, route(rule(PLACEHOLDER)), {OLD: 1_000_000}, {})
    found = read(SUBJECT, route(*led, *other), {})
    assert (dict(found.split), found.current) == ({OLD: 900_000, NEW: 100_000}, False)


@pytest.mark.parametrize("refs", [[PLACEHOLDER], [entry(OLD, 0)]])
def test_a_route_that_gives_no_revision_anything_leads_nowhere(refs):
    assert read(SUBJECT, route(rule(*refs)), {}) is None


def test_only_gateways_are_parents():
    refs = [
        {"name": "gw", "namespace": "infra", "sectionName": "https", "group": "gateway.networking.k8s.io"},
        {"kind": "Service", "name": "mesh"},
    ]
    (found,) = parents_of(route(parentRefs=refs))
    assert (found.name, found.namespace, found.section_name) == ("gw", "infra", "https")


def test_the_header_goes_into_a_modifier_that_is_there_and_comes_out_again():
    others = [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": ["a"]}}]
    own = {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"add": [{"name": "a", "value": "b"}]}}
    filters = [*others, own]
    named = name_revision(name_revision(filters, OLD), NEW)
    assert [part["type"] for part in named] == ["RequestHeaderModifier", "ResponseHeaderModifier"]
    assert named[1]["responseHeaderModifier"]["set"] == [{"name": "x-slipway-revision", "value": NEW}]
    assert name_revision(named, None) == filters
    assert name_revision(name_revision([], OLD), None) == []
