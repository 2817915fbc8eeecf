"""When a lease may be taken: counted by our own clock, whatever the record's times say."""

from datetime import UTC, datetime, timedelta

from slipway_operator.cluster.lease.record import DURATION, Sight, held, holder, released

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FRESH = {"metadata": {"name": "operator", "resourceVersion": "7"}}


def test_the_record_is_as_others_write_it():
    spec = held(FRESH, "me", NOW)["spec"]
    assert spec == {
        "holderIdentity": "me",
        "leaseDurationSeconds": 15,
        "acquireTime": "2026-01-01T00:00:00.000000Z",
        "renewTime": "2026-01-01T00:00:00.000000Z",
        "leaseTransitions": 1,
    }


def test_a_renewal_is_no_transition_and_is_written_against_what_was_read():
    lease = held(FRESH, "me", NOW)
    again = held(lease, "me", NOW + timedelta(seconds=2))
    assert again["spec"]["leaseTransitions"] == 1
    assert again["spec"]["acquireTime"] == lease["spec"]["acquireTime"]
    assert again["spec"]["renewTime"] != lease["spec"]["renewTime"]
    assert again["metadata"] == FRESH["metadata"]
    assert held(again, "other", NOW)["spec"]["leaseTransitions"] == 2


def test_it_is_free_when_it_stood_still_for_its_time_as_we_saw_it():
    sight, lease = Sight(), held(FRESH, "other", NOW - timedelta(days=1))
    assert not sight.is_free(lease, 100), "a clock that is a day behind has not lost it"
    assert not sight.is_free(lease, 100 + DURATION - 0.1)
    assert sight.is_free(lease, 100 + DURATION)


def test_every_sign_of_life_counts_anew():
    sight = Sight()
    for number in range(10):
        lease = held(FRESH, "other", NOW + timedelta(seconds=number))
        assert not sight.is_free(lease, 100 + number * (DURATION - 1))


def test_nobodys_lease_is_free_at_once():
    lease = released(held(FRESH, "other", NOW), NOW)
    assert holder(lease) == ""
    assert Sight().is_free(lease, 0)
    assert Sight().is_free({"metadata": {}}, 0)


def test_a_lease_by_another_program_may_say_a_time_of_its_own():
    lease = held(FRESH, "other", NOW)
    lease["spec"]["leaseDurationSeconds"] = 60
    sight = Sight()
    sight.is_free(lease, 0)
    assert not sight.is_free(lease, 59)
    assert sight.is_free(lease, 60)
