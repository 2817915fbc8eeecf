"""Who has edited an object, and what of it."""

import pytest

from slipway_operator.cluster.edits import edit_of, route_edit
from slipway_operator.cluster.kinds import HTTP_ROUTE, INFERENCE_SERVICE

MADE = {"predictor": {"minReplicas": 1, "model": {"storageUri": "s3://m/1", "args": ["a"]}}}
OURS = {"f:predictor": {"f:minReplicas": {}, "f:model": {".": {}, "f:storageUri": {}, "f:args": {}}}}


def entry(manager, fields, time="2026-01-01T00:00:00Z", **more):
    return {"manager": manager, "time": time, "fieldsV1": {"f:spec": fields}, **more}


def body(spec, *entries, ours=OURS):
    metadata = {"name": "churn-1", "managedFields": [entry("slipway", ours), *entries]}
    return {"metadata": metadata, "spec": spec}


def spec(**model):
    return {"predictor": {"minReplicas": 1, "model": MADE["predictor"]["model"] | model}}


URI = {"f:predictor": {"f:model": {"f:storageUri": {}}}}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (body(MADE), None),
        # Scale bounds change in place.
        (body({"predictor": MADE["predictor"] | {"minReplicas": 3}}, entry("kubectl", {})), None),
        # Somebody who has a field, with the value that it was made with.
        (body(MADE, entry("kubectl", URI)), None),
        (
            body(spec(storageUri="s3://else"), entry("kubectl", URI)),
            ("kubectl", "predictor.model.storageUri"),
        ),
        # The last one who has it.
        (
            body(
                spec(storageUri="s3://else"),
                entry("second", URI, "2026-01-03T00:00:00Z"),
                entry("first", URI, "2026-01-02T00:00:00Z"),
            ),
            ("second", "predictor.model.storageUri"),
        ),
        # Something new.
        (
            body(
                spec(env=[{"name": "A"}]),
                entry("kubectl", {"f:predictor": {"f:model": {"f:env": {".": {}, 'k:{"name":"A"}': {}}}}}),
            ),
            ("kubectl", "predictor.model.env"),
        ),
        # Something taken away: nobody has it, so nobody can be named.
        (
            body(
                {"predictor": {"model": {"args": ["a"]}}}, ours={"f:predictor": {"f:model": {"f:args": {}}}}
            ),
            (None, "predictor.model.storageUri"),
        ),
        # An admission webhook writes in the name of who wrote; KServe's controller in its own.
        (body(spec(args=["a", "b"])), None),
        (
            body(spec(name="default"), entry("manager", {"f:predictor": {"f:model": {"f:name": {}}}})),
            None,
        ),
        # A status is no spec.
        (
            body(
                spec(args=["a", "b"]),
                entry("kubectl", {"f:predictor": {"f:model": {"f:args": {}}}}, subresource="status"),
            ),
            None,
        ),
    ],
)
def test_an_edit_has_an_editor(found, expected):
    edit = edit_of(INFERENCE_SERVICE, found, MADE)
    assert (edit and (edit.by, *edit.fields)) == expected


def test_an_edit_is_told_in_one_sentence():
    everything = {"f:predictor": {"f:model": {f"f:{name}": {} for name in "abcd"}}}
    edit = edit_of(INFERENCE_SERVICE, body(spec(a=1, b=2, c=3, d=4), entry("kubectl", everything)), MADE)
    assert str(edit) == (
        "InferenceService churn-1 was edited by kubectl"
        " (fields predictor.model.a, predictor.model.b, predictor.model.c)"
    )


def route(*entries):
    return {"metadata": {"name": "churn", "managedFields": list(entries)}}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"metadata": {"name": "churn"}}, None),
        (route(entry("slipway", {"f:rules": {}})), None),
        (
            route(entry("kubectl-edit", {"f:rules": {}, "f:hostnames": {}})),
            ("kubectl-edit", "hostnames", "rules"),
        ),
    ],
)
def test_a_route_has_an_editor_until_it_is_written_again(found, expected):
    edit = route_edit(HTTP_ROUTE, found)
    assert (edit and (edit.by, *edit.fields)) == expected
