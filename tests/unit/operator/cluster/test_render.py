"""Rendered objects."""

import pytest

from slipway_operator.api import names
from slipway_operator.api.spec import ModelDeploymentSpec, ParentRef
from slipway_operator.cluster.render.backends import pinned, places_in
from slipway_operator.cluster.render.common import Subject
from slipway_operator.cluster.render.route import read_route, render_route
from slipway_operator.cluster.render.runtime import how_named, render_runtime, runtime_hash
from slipway_operator.cluster.render.service import render_service, scale_bounds, scale_patch
from slipway_operator.rollout.actions import WriteRoute
from slipway_operator.rollout.observation import Mirror
from slipway_operator.rollout.revision import revision_of

GATEWAY = [ParentRef(name="gw", namespace="infra")]
HOSTS = ["churn.example.com", "churn.ml"]


def subject(**over) -> Subject:
    content = {
        "model": {"uri": "pvc://models/churn/2", "digest": "sha256:" + "a" * 64, "version": "2"},
        **over,
    }
    return Subject("churn", "ml", "uid-1", ModelDeploymentSpec.model_validate(content))


def runtime(annotations=None, name="custom", **container):
    return {
        "kind": "ClusterServingRuntime",
        "metadata": {"name": name, "annotations": annotations or {}},
        "spec": {
            "supportedModelFormats": [{"name": "sklearn", "autoSelect": True, "priority": 1}],
            "containers": [{"name": "kserve-container", "image": "x", **container}],
        },
    }


def rendered_container(source, **over):
    one = subject(**over)
    return render_runtime(one, revision_of(one.spec), source)["spec"]["containers"][0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["--model_name={{.Name}}", "--port=1"], ["--port=1", "--model_name=churn"]),
        (["--model_name", "{{.Name}}", "--port=1"], ["--port=1", "--model_name=churn"]),
        ([], ["--model_name=churn"]),
    ],
)
def test_name_as_argument(before, after):
    source = runtime({names.ANNOTATION_MODEL_NAME: "arg:--model_name"}, args=before)
    assert rendered_container(source)["args"] == after


def test_name_as_environment_variable_replaces_the_runtimes_own():
    source = runtime(
        {names.ANNOTATION_MODEL_NAME: "env:NAME"},
        env=[{"name": "NAME", "value": "{{.Name}}"}, {"name": "A", "value": "b"}],
    )
    assert rendered_container(source)["env"] == [
        {"name": "A", "value": "b"},
        {"name": "NAME", "value": "churn"},
    ]


def test_digest_version_and_revision_are_told_where_the_runtime_asks():
    source = runtime(
        {
            names.ANNOTATION_MODEL_NAME: "env:NAME",
            names.ANNOTATION_MODEL_DIGEST: "env:DIGEST",
            names.ANNOTATION_MODEL_VERSION: "env:VERSION",
            names.ANNOTATION_REVISION: "env:REVISION",
            names.ANNOTATION_ALLOW_UNVERIFIED: "env:ALLOW",
        }
    )
    told = {part["name"]: part["value"] for part in rendered_container(source)["env"]}
    one = subject()
    assert told == {
        "NAME": "churn",
        "DIGEST": "sha256:" + "a" * 64,
        "VERSION": "2",
        "REVISION": revision_of(one.spec).revision,
    }


def test_stock_runtimes_are_known_and_others_must_say():
    assert how_named(runtime(name="kserve-sklearnserver")) == "arg:--model_name"
    assert how_named(runtime(name="kserve-mlserver")) == "env:MLSERVER_MODEL_NAME"
    assert how_named(runtime(name="tritonserver-like")) is None


def test_the_copy_is_the_namespaces_own_and_never_chosen_by_itself():
    source = runtime({names.ANNOTATION_MODEL_NAME: "env:NAME", "other": "x"})
    one = subject()
    body = render_runtime(one, revision_of(one.spec), source)
    assert body["kind"] == "ServingRuntime"
    assert body["metadata"]["ownerReferences"][0]["uid"] == "uid-1"
    assert body["spec"]["supportedModelFormats"][0]["autoSelect"] is False
    assert body["metadata"]["annotations"][names.ANNOTATION_RUNTIME_HASH] == runtime_hash(source)
    assert source["spec"]["supportedModelFormats"][0]["autoSelect"] is True, "the source was changed"


def test_inference_service_is_cluster_local_standard_and_owned():
    one = subject()
    revision = revision_of(one.spec)
    body = render_service(one, revision)
    assert body["metadata"]["name"] == f"churn-{revision.revision}"
    assert body["metadata"]["labels"][names.KSERVE_VISIBILITY] == "cluster-local"
    assert body["metadata"]["annotations"] == {names.KSERVE_MODE: "Standard", names.KSERVE_AUTOSCALER: "none"}
    assert body["metadata"]["ownerReferences"][0]["blockOwnerDeletion"] is False
    assert body["spec"]["predictor"]["model"] == {
        "modelFormat": {"name": "sklearn"},
        "protocolVersion": "v2",
        "runtime": f"churn-{revision.revision}",
        "storageUri": "pvc://models/churn/2",
    }


def test_template_is_merged_over_but_cannot_take_our_labels():
    one = subject(
        template={
            "metadata": {"labels": {names.LABEL_REVISION: "mine", "team": "risk"}},
            "spec": {"predictor": {"maxReplicas": 5, "model": {"protocolVersion": "v1", "args": ["-v"]}}},
        }
    )
    body = render_service(one, revision_of(one.spec))
    assert body["metadata"]["labels"]["team"] == "risk"
    assert body["metadata"]["labels"][names.LABEL_REVISION] == revision_of(one.spec).revision
    assert body["spec"]["predictor"]["model"]["protocolVersion"] == "v1"
    assert body["spec"]["predictor"]["model"]["args"] == ["-v"]
    assert names.KSERVE_AUTOSCALER not in body["metadata"]["annotations"], (
        "who sets maxReplicas wants an autoscaler"
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], ["--model_name", "churn"]),
        (["--predictor_protocol", "v2"], ["--predictor_protocol", "v2", "--model_name", "churn"]),
        (["--model_name=own"], ["--model_name=own"]),
        (["--model_name", "own"], ["--model_name", "own"]),
    ],
)
def test_a_transformer_is_told_the_models_name_and_not_the_revisions(given, told):
    one = subject(template={"spec": {"transformer": {"containers": [{"name": "t", "args": given}]}}})
    body = render_service(one, revision_of(one.spec))
    assert body["spec"]["transformer"]["containers"][0]["args"] == told
    assert one.spec.template.spec.transformer["containers"][0]["args"] == given, "the spec is left alone"


def test_scale_bounds_change_in_place():
    old, new = {"predictor": {"minReplicas": 1, "maxReplicas": 3}}, {"predictor": {"minReplicas": 2}}
    assert scale_patch(old, new) == {"spec": {"predictor": {"minReplicas": 2, "maxReplicas": None}}}
    assert scale_bounds({"predictor": {"minReplicas": 2, "model": {}}}) == new


def test_route_is_read_back_as_it_was_written():
    split = {"aaaa1111": 900_000, "bbbb2222": 100_000}
    body = render_route(subject(), GATEWAY, HOSTS, WriteRoute(split), {"bbbb2222": "transformer"})
    body["metadata"]["generation"] = 3
    state = read_route(subject(), body, GATEWAY, HOSTS, {"bbbb2222": "transformer"})
    assert state.split == split
    assert state.current
    assert not state.accepted
    backends = body["spec"]["rules"][0]["backendRefs"]
    assert [backend["name"] for backend in backends] == [
        "churn-aaaa1111-predictor",
        "churn-bbbb2222-transformer",
    ]
    header = backends[0]["filters"][0]["responseHeaderModifier"]["set"]
    assert header == [{"name": "x-slipway-revision", "value": "aaaa1111"}]


@pytest.mark.parametrize("percent", [100, 25])
def test_a_mirror_is_read_back_as_it_was_written(percent):
    mirror = Mirror("bbbb2222", percent)
    body = render_route(subject(), GATEWAY, HOSTS, WriteRoute({"aaaa1111": 1_000_000}, mirror), {})
    body["metadata"]["generation"] = 3
    (part,) = body["spec"]["rules"][0]["filters"]
    assert part["requestMirror"]["backendRef"]["name"] == "churn-bbbb2222-predictor"
    assert part["requestMirror"].get("percent") == (None if percent == 100 else percent)
    state = read_route(subject(), body, GATEWAY, HOSTS, {})
    assert (state.mirror, state.current) == (mirror, True)


def test_revisions_that_can_be_asked_for_keep_their_rules_whoever_comes_and_goes():
    def led(route, *pins):
        course = WriteRoute({pins[0]: 1_000_000}, None, frozenset(pins))
        body = render_route(subject(), GATEWAY, HOSTS, course, {}, places_in(subject(), route))
        body["metadata"]["generation"] = 1
        return body, [pinned(rule) for rule in body["spec"]["rules"][1:]]

    route, rules = led(None, "bbbb2222", "cccc3333")
    assert rules == ["bbbb2222", "cccc3333"]
    route, rules = led(route, "bbbb2222", "cccc3333", "aaaa1111")
    assert rules == ["bbbb2222", "cccc3333", "aaaa1111"], "the newcomer comes last, whatever its name"
    route, rules = led(route, "cccc3333", "aaaa1111")
    assert rules == [None, "cccc3333", "aaaa1111"], "the place that is left is kept"
    state = read_route(subject(), route, GATEWAY, HOSTS, {})
    assert (state.pins, state.current) == ({"cccc3333", "aaaa1111"}, True)
    route, rules = led(route, "cccc3333", "aaaa1111", "dddd4444")
    assert rules == ["dddd4444", "cccc3333", "aaaa1111"], "and the next takes it"


def test_pins_are_read_back_as_they_were_written_and_leave_the_first_rule_alone():
    pins = frozenset({"aaaa1111", "bbbb2222"})
    split = {"aaaa1111": 900_000, "bbbb2222": 100_000}
    body = render_route(subject(), GATEWAY, HOSTS, WriteRoute(split, None, pins), {"bbbb2222": "transformer"})
    body["metadata"]["generation"] = 3
    first, *rules = body["spec"]["rules"]
    assert first["matches"] == [{"path": {"type": "PathPrefix", "value": "/"}}]
    by_header, by_query = rules[1]["matches"]
    assert by_header["headers"] == [{"type": "Exact", "name": "x-slipway-revision", "value": "bbbb2222"}]
    assert by_query["queryParams"] == [{"type": "Exact", "name": "slipway-revision", "value": "bbbb2222"}]
    assert [backend["name"] for backend in rules[1]["backendRefs"]] == ["churn-bbbb2222-transformer"]
    state = read_route(subject(), body, GATEWAY, HOSTS, {"bbbb2222": "transformer"})
    assert (state.split, state.pins, state.current) == (split, pins, True)
    assert state.revisions == pins


def test_somebody_elses_rule_on_the_route_is_not_current():
    body = render_route(subject(), GATEWAY, HOSTS, WriteRoute({"a": 1_000_000}), {})
    body["metadata"]["generation"] = 1
    body["spec"]["rules"].append({"matches": [{"path": {"value": "/admin"}}]})
    assert not read_route(subject(), body, GATEWAY, HOSTS, {}).current


def test_somebody_elses_filter_on_the_route_is_not_current():
    body = render_route(subject(), GATEWAY, HOSTS, WriteRoute({"a": 1_000_000}), {})
    body["metadata"]["generation"] = 1
    body["spec"]["rules"][0]["filters"] = [{"type": "URLRewrite", "urlRewrite": {"hostname": "x"}}]
    assert not read_route(subject(), body, GATEWAY, HOSTS, {}, edited=True).current


def condition(kind, status="True", generation=3):
    return {
        "type": kind,
        "status": status,
        "observedGeneration": generation,
        "message": f"{kind} is {status}",
    }


@pytest.mark.parametrize(
    ("conditions", "accepted", "message"),
    [
        ([condition("Accepted"), condition("ResolvedRefs")], True, None),
        ([condition("Accepted"), condition("ResolvedRefs", generation=2)], False, None),
        ([condition("Accepted"), condition("ResolvedRefs", "False")], False, "ResolvedRefs is False"),
        ([condition("Accepted")], False, None),
    ],
)
def test_accepted_means_this_generation_and_every_reference(conditions, accepted, message):
    body = render_route(subject(), GATEWAY, HOSTS, WriteRoute({"a": 1_000_000}), {})
    body["metadata"]["generation"] = 3
    body["status"] = {"parents": [{"conditions": conditions}]}
    state = read_route(subject(), body, GATEWAY, HOSTS, {})
    assert (state.accepted, state.message) == (accepted, message)


@pytest.mark.parametrize("change", [{"hostnames": ["other"]}, {"parentRefs": []}, {"rules": []}])
def test_an_edited_route_is_not_current(change):
    body = render_route(subject(), GATEWAY, HOSTS, WriteRoute({"a": 1_000_000}), {})
    body["metadata"]["generation"] = 1
    body["spec"].update(change)
    assert not read_route(subject(), body, GATEWAY, HOSTS, {}).current


BACKEND = {"name": "churn-aaaa1111-predictor", "port": 80, "weight": 1_000_000}
NAMED = [
    {
        "type": "ResponseHeaderModifier",
        "responseHeaderModifier": {"set": [{"name": "x-slipway-revision", "value": "aaaa1111"}]},
    }
]
OTHERS = [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": ["authorization"]}}]
EDITS = {
    "what the API server fills in": (
        {"backendRefs": [{**BACKEND, "group": "", "kind": "Service", "filters": NAMED}]},
        True,
    ),
    "port": ({"backendRefs": [{**BACKEND, "port": 8080, "filters": NAMED}]}, False),
    "name": ({"backendRefs": [{**BACKEND, "name": "churn-aaaa1111-foo", "filters": NAMED}]}, False),
    "namespace": ({"backendRefs": [{**BACKEND, "namespace": "other", "filters": NAMED}]}, False),
    "kind": ({"backendRefs": [{**BACKEND, "kind": "Backend", "filters": NAMED}]}, False),
    "filters": ({"backendRefs": [{**BACKEND, "filters": OTHERS}]}, False),
    "another filter": ({"backendRefs": [{**BACKEND, "filters": [*NAMED, *OTHERS]}]}, False),
    "path": ({"matches": [{"path": {"type": "PathPrefix", "value": "/nowhere"}}]}, False),
    "method": ({"matches": [{"path": {"type": "PathPrefix", "value": "/"}, "method": "GET"}]}, False),
    "timeouts": ({"timeouts": {"request": "1ms"}}, False),
}


@pytest.mark.parametrize(("change", "current"), EDITS.values(), ids=EDITS)
def test_a_rule_that_somebody_has_edited_is_not_current(change, current):
    body = render_route(subject(), GATEWAY, HOSTS, WriteRoute({"aaaa1111": 1_000_000}), {})
    body["metadata"]["generation"] = 2
    body["spec"]["rules"][0].update(change)
    assert read_route(subject(), body, GATEWAY, HOSTS, {}, edited=True).current is current


def test_what_a_webhook_adds_to_every_route_is_not_written_over_and_over():
    body = render_route(subject(), GATEWAY, HOSTS, WriteRoute({"aaaa1111": 1_000_000}), {})
    body["metadata"]["generation"] = 2
    body["spec"]["rules"][0]["timeouts"] = {"request": "60s"}
    assert read_route(subject(), body, GATEWAY, HOSTS, {}).current
