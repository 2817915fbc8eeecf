"""Which shares a metric looks at."""

import pytest

from slipway_operator.api.analysis import Metric
from slipway_operator.rollout.analysis.signals import begin, is_dry, margins

BOUNDS = ("0.001", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25")


def timed(**slower):
    shares = dict(zip(BOUNDS, (100, 100, 100, 100, 100, 100, 100), strict=True)) | {
        bound.replace("_", "."): count for bound, count in slower.items()
    }
    return {"timed": 1000} | {f"slower:{bound}": count for bound, count in shares.items()}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, (0.005, 0.02)),
        ({"tolerance": 0.1}, (0.001, 0.02)),
        ({"tolerance": 3}, (0.03, 0.06)),
        ({"reject": 0.4}, (0.002, 0.004)),
        ({"tolerance": 1, "reject": 1.5}, (0.01, 0.015)),
    ],
)
def test_margins_are_filled_in_so_that_they_make_sense(given, wanted):
    assert margins(Metric(name="error-rate", **given)) == pytest.approx(wanted)


@pytest.mark.parametrize("name", ["rejections", "predictions"])
def test_what_only_the_predictor_knows_does_not_decide_unless_it_is_made_to(name):
    assert is_dry(Metric(name=name))
    assert not is_dry(Metric(name=name, dry_run=False))
    assert not is_dry(Metric(name="latency"))
    assert not is_dry(Metric(name="fallbacks"))


@pytest.mark.parametrize(
    ("name", "history"),
    [
        ("error-rate", {"requests": 19, "errors": 0}),
        ("latency", {"timed": 99, "slower:0.005": 0}),
        ("rejections", {"asked": 19, "rejected": 3}),
        ("rejections", {"requests": 1000, "errors": 0}),
        ("fallbacks", {"asked": 19, "fallbacks": 3}),
        ("fallbacks", {"asked": 1000}),
        ("predictions", {"scored": 19, "score:0.5": 3}),
        ("predictions", {}),
    ],
)
def test_a_metric_waits_for_enough_of_stables_history(name, history):
    assert begin(Metric(name=name), history) is None


def test_latency_looks_at_bounds_with_headroom_over_stables_quantiles():
    # p50 within (5, 10] ms, p95 within (25, 50], p99 within (50, 100]
    usual = timed(**{"0_001": 990, "0_005": 700, "0_01": 400, "0_025": 80, "0_05": 30, "0_1": 5, "0_25": 0})
    shares = begin(Metric(name="latency"), usual).shares
    assert [share.key for share in shares] == ["slower:0.025", "slower:0.1", "slower:0.25"]
    assert [share.tolerated for share in shares] == pytest.approx([0.05, 0.01, 0.01])
    assert [share.excluded for share in shares] == pytest.approx([0.15, 0.05, 0.05])


def test_latency_of_a_quick_model_is_not_judged_by_fractions_of_milliseconds():
    usual = timed(**{"0_001": 5, "0_005": 2, "0_01": 1, "0_025": 0, "0_05": 0, "0_1": 0, "0_25": 0})
    shares = begin(Metric(name="latency"), usual).shares
    assert [share.key for share in shares] == ["slower:0.005"]
    assert shares[0].tolerated == pytest.approx(0.01), "a bound of two quantiles has the tail's margins"


def test_latency_beyond_all_bounds_has_no_bound():
    usual = timed(**dict.fromkeys(("0_001", "0_005", "0_01", "0_025", "0_05", "0_1", "0_25"), 1000))
    assert begin(Metric(name="latency"), usual) is None


def test_predictions_look_at_every_cut_in_both_directions():
    kept = begin(
        Metric(name="predictions"), {"scored": 100, "score:0.1": 20, "score:0.5": 70, "score:1.0": 100}
    )
    assert [(share.key, share.complement) for share in kept.shares] == [
        ("score:0.1", False),
        ("score:0.1", True),
        ("score:0.5", False),
        ("score:0.5", True),
    ]
    assert kept.shares[1].forecast == [80, 100]
