"""Comparing two revisions' answers: what pairs, what agrees, and what is told of it."""

import pytest

from slipway_operator.gates import agreement
from slipway_operator.gates.agreement import Comparison, Half


def answer(name, label=None, score=None, rows=1, time=1.0, digest=None):
    entry = {"id": name, "time": time, "rows": rows, "digest": digest or f"{label}{score}"}
    if label is not None:
        entry["label"] = label
    if score is not None:
        entry["score"] = score
    return entry


def compared(*pairs, tolerance=0.01):
    """A comparison of (stable's answer, the canary's), each pair under an id of its own."""
    comparison = Comparison(tolerance)
    for number, (ours, theirs) in enumerate(pairs, start=1):
        comparison.stable.take("s", [ours | {"id": f"r{number}", "time": float(number)}])
        comparison.canary.take("c", [theirs | {"id": f"r{number}", "time": float(number)}])
    comparison.compare()
    return comparison.report()


def test_equal_answers_agree_to_the_last_bit():
    report = compared((answer("", ["yes"], [0.9]), answer("", ["yes"], [0.9])))
    assert (report.requests, report.identical, report.rows, report.agreement) == (1, 1, 1, 1.0)
    assert (report.mean_delta, report.max_delta, report.flips) == (0.0, 0.0, None)


def test_labels_decide_where_there_are_any_and_scores_are_measured_where_labels_agree():
    report = compared(
        (answer("", ["yes", "no"], [0.9, 0.8], 2), answer("", ["yes", "yes"], [0.7, 0.6], 2)),
        (answer("", ["no"], [0.5]), answer("", ["no"], [0.9])),
    )
    assert (report.requests, report.rows, report.identical) == (2, 3, 0)
    assert report.agreement == pytest.approx(2 / 3, abs=1e-4)
    assert (report.mean_delta, report.max_delta) == (pytest.approx(0.3), pytest.approx(0.4))
    assert [(flip.stable, flip.canary, flip.rows) for flip in report.flips] == [("no", "yes", 1)]
    assert [(part.label, part.rows, part.agreement) for part in report.segments] == [
        ("no", 2, 0.5),
        ("yes", 1, 1.0),
    ]


@pytest.mark.parametrize(
    ("ours", "theirs", "alike"), [(1000, 1009, 1), (1000, 1011, 0), (0.1, 0.109, 1), (0.1, 0.111, 0)]
)
def test_values_agree_within_the_tolerance_of_their_size_or_of_one(ours, theirs, alike):
    report = compared((answer("", score=[ours]), answer("", score=[theirs])))
    assert (report.rows, report.agreement) == (1, alike)
    assert report.segments is None


def test_of_several_outputs_all_have_to_agree_and_the_farthest_is_told():
    report = compared((answer("", score=[[1.0, 2.0]]), answer("", score=[[1.001, 2.5]])))
    assert (report.agreement, report.max_delta) == (0.0, pytest.approx(0.5))


def test_what_the_canary_could_not_answer_counts_against_it():
    failed = {"id": "", "time": 1.0, "code": 500}
    report = compared((answer("", ["yes", "no"], [1, 1], 2), failed), (answer("", ["a"]), answer("", ["a"])))
    assert (report.requests, report.failed, report.rows) == (2, 1, 3)
    assert report.agreement == pytest.approx(1 / 3, abs=1e-4)


def test_what_stable_could_not_answer_says_nothing():
    failed = {"id": "", "time": 1.0, "code": 500}
    report = compared((failed, answer("", ["yes"])), (failed, failed))
    assert (report.requests, report.rows, report.agreement) == (0, 0, 0.0)


def test_another_number_of_rows_is_another_answer():
    report = compared((answer("", ["a", "b"], rows=2), answer("", ["a"], rows=1)))
    assert (report.requests, report.rows, report.agreement) == (1, 2, 0.0)


def test_answers_of_many_rows_are_compared_by_their_digest_or_not_at_all():
    large = [answer("", rows=100, digest=digest) for digest in ("same", "same", "other")]
    report = compared((large[0], large[1]), (large[0], large[2]))
    assert (report.requests, report.rows, report.identical) == (1, 100, 1)


def test_rings_are_read_again_and_again_and_each_answer_counts_once():
    comparison = Comparison(0.01)
    ring = [answer(f"r{number}", ["a"], time=float(number)) for number in range(1, 6)]
    for length in (2, 2, 4, 5, 5):
        comparison.stable.take("s", ring[:length])
        comparison.canary.take("c", ring[:length])
        comparison.compare()
    assert comparison.report().requests == 5


def test_answers_find_their_counterparts_at_any_pod_and_in_any_order():
    comparison = Comparison(0.01)
    comparison.canary.take("c1", [answer("r2", ["a"], time=2.0)])
    comparison.canary.take("c2", [answer("r1", ["a"], time=1.0)])
    comparison.compare()
    comparison.stable.take("s1", [answer("r1", ["a"], time=5.0)])
    comparison.stable.take("s2", [answer("r2", ["a"], time=4.0), answer("alone", ["a"], time=4.5)])
    comparison.compare()
    assert comparison.report().requests == 2


def test_an_id_that_is_used_twice_is_nobodys():
    comparison = Comparison(0.01)
    comparison.stable.take("s", [answer("1", ["a"], time=1.0), answer("1", ["b"], time=2.0)])
    comparison.stable.take("s", [answer("1", ["c"], time=3.0)])
    comparison.canary.take("c", [answer("1", ["c"], time=3.1)])
    comparison.compare()
    assert comparison.report().requests == 0


def test_only_so_many_answers_wait(monkeypatch):
    monkeypatch.setattr(agreement, "REMEMBERED", 3)
    half = Half()
    half.take("s", [answer(f"r{number}", time=float(number)) for number in range(1, 9)])
    assert list(half.waiting) == ["r6", "r7", "r8"]


def test_a_report_lists_the_most_frequent_ones(monkeypatch):
    monkeypatch.setattr(agreement, "MOST", 2)
    report = compared(*[(answer("", [ours]), answer("", ["x"])) for ours in "aaabbc"])
    assert [(flip.stable, flip.rows) for flip in report.flips] == [("a", 3), ("b", 2)]
    assert [part.label for part in report.segments] == ["a", "b"]
