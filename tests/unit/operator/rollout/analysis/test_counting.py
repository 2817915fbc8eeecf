"""From counters that only go up to what was counted since."""

from datetime import timedelta

from tests.unit.operator.world import START

from slipway_operator.api.evidence import Counts, Evidence
from slipway_operator.rollout.analysis.counting import News, news, remember, totals
from slipway_operator.rollout.observation import Readings

LATER = START + timedelta(seconds=5)


def readings(**pods) -> Readings:
    return Readings(pods={name: (name[0], {"requests": r, "errors": e}) for name, (r, e) in pods.items()})


def read(*series, start=None) -> tuple[Evidence, News]:
    evidence, gained = start or Evidence(), News()
    for number, part in enumerate(series):
        gained = news(evidence, part, "c")
        evidence = remember(evidence, part, gained, START + timedelta(seconds=5 * number))
    return evidence, gained


def test_first_readings_are_only_the_starting_point():
    evidence, gained = read(readings(c1=(100, 50), s1=(900, 0)))
    assert not gained.canary
    assert evidence.canary_total == Counts()


def test_differences_are_added_by_revision():
    evidence, gained = read(
        readings(c1=(100, 50), s1=(900, 0), s2=(0, 0)), readings(c1=(110, 51), s1=(990, 2), s2=(10, 0))
    )
    assert gained.canary == {"requests": 10, "errors": 1}
    assert gained.stable == {"requests": 100, "errors": 2}
    assert evidence.canary_total == Counts(requests=10, errors=1)
    assert evidence.canary_rate == 2.0


def test_a_restarted_counter_starts_from_zero():
    _, gained = read(readings(c1=(100, 50)), readings(c1=(7, 1)))
    assert gained.canary == {"requests": 7, "errors": 1}


def test_a_pod_that_comes_up_says_where_it_starts_and_one_that_goes_leaves_its_share():
    evidence, gained = read(readings(c1=(100, 0)), readings(c2=(500, 5)))
    assert not gained.canary, "what it counted in its life before belongs to no check"
    _, gained = read(readings(c2=(510, 5)), start=evidence)
    assert gained.canary == {"requests": 10, "errors": 0}


def test_only_what_all_pods_of_a_revision_report_counts():
    one = Readings(pods={"s1": ("s", {"requests": 5, "scored": 5}), "s2": ("s", {"requests": 5})})
    assert totals(one, "s") == {"requests": 10}
    evidence, _ = read(one)
    two = Readings(
        pods={"s1": ("s", {"requests": 6, "scored": 6}), "s2": ("s", {"requests": 7, "scored": 9})}
    )
    assert news(evidence, two, "c").stable == {"requests": 3}


def test_the_gateway_is_believed_where_both_count():
    def seen(own, gateway):
        counts = {"requests": own, "errors": 0, "scored": own}
        theirs = {"requests": gateway, "errors": gateway // 2}
        return Readings(pods={"c1": ("c", counts)}, gateway={"proxy/1/c": ("c", theirs)})

    evidence, gained = read(seen(10, 20), seen(14, 30))
    assert gained.canary == {"requests": 10, "errors": 5, "scored": 4}
    assert evidence.canary_total == Counts(requests=10, errors=5)
    assert totals(seen(10, 20), "c") == {"requests": 20, "errors": 10, "scored": 10}


def test_a_backend_that_takes_another_number_starts_anew():
    one = Readings(gateway={"proxy/1/c": ("c", {"requests": 20, "errors": 0})})
    two = Readings(gateway={"proxy/0/c": ("c", {"requests": 900, "errors": 0})})
    assert read(one, two)[1].canary == {}
