"""How a revision was made, on record."""

from tests.unit.operator.cluster.test_render import runtime, subject

from slipway_operator.api import names
from slipway_operator.cluster.kinds import INFERENCE_SERVICE, SERVING_RUNTIME
from slipway_operator.cluster.render.record import render_again, render_record, restored_spec, spec_hash
from slipway_operator.cluster.render.runtime import render_runtime
from slipway_operator.cluster.render.service import render_service
from slipway_operator.rollout.revision import revision_of

SCALED = {"spec": {"predictor": {"minReplicas": 2, "maxReplicas": 5}}}


def made(**over):
    """A subject, its revision's objects, and the record of them."""
    one = subject(**over)
    revision = revision_of(one.spec)
    service = render_service(one, revision)
    copy = render_runtime(one, revision, runtime({names.ANNOTATION_MODEL_NAME: "env:NAME"}))
    return service, copy, render_record(one, revision, service, copy)


def test_what_is_on_record_is_made_again_whatever_the_spec_asks_for_by_now():
    service, copy, record = made(template=SCALED | {"metadata": {"labels": {"team": "risk"}}})
    later = subject(model={"uri": "s3://else", "digest": "sha256:" + "b" * 64})
    assert render_again(later, record, INFERENCE_SERVICE) == service
    assert render_again(later, record, SERVING_RUNTIME) == copy


def test_a_record_is_owned_and_found_like_what_it_records():
    service, _, record = made()
    for part in ("name", "namespace", "ownerReferences"):
        assert record["metadata"][part] == service["metadata"][part]
    assert record["metadata"]["labels"].items() <= service["metadata"]["labels"].items()


def test_scale_bounds_are_no_difference_and_are_kept():
    service, _, record = made(template=SCALED)
    present = {"predictor": service["spec"]["predictor"] | {"minReplicas": 4, "model": {}}}
    assert spec_hash(present) != spec_hash(service["spec"])
    restored = restored_spec(record, INFERENCE_SERVICE, present)
    assert restored["predictor"]["minReplicas"] == 4
    assert restored["predictor"]["model"] == service["spec"]["predictor"]["model"]
    assert spec_hash(restored) == spec_hash(service["spec"])
