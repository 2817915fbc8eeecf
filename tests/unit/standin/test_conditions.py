"""How Ready follows PredictorReady and IngressReady."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_standin.conditions import Conditions

KINDS = st.sampled_from(["PredictorReady", "IngressReady"])
STATES = st.sampled_from(["True", "False", "Unknown"])


def conditions(*entries: tuple, now: str = "2026-01-02T00:00:00Z") -> Conditions:
    stored = [{"type": kind, "status": status, "lastTransitionTime": time} for kind, status, time in entries]
    return Conditions(stored, now)


def test_it_starts_from_unknown_and_sorted() -> None:
    made = conditions()
    made.initialise()
    assert [(c["type"], c["status"]) for c in made.entries()] == [
        ("IngressReady", "Unknown"),
        ("PredictorReady", "Unknown"),
        ("Ready", "Unknown"),
    ]


@pytest.mark.parametrize(
    ("steps", "ready", "reason"),
    [
        ([("PredictorReady", "False", "A"), ("IngressReady", "False", "B")], "False", "B"),
        ([("IngressReady", "False", "B"), ("PredictorReady", "False", "A")], "False", "A"),
        ([("PredictorReady", "False", "A"), ("IngressReady", "True", "")], "False", "A"),
        ([("IngressReady", "False", "B"), ("PredictorReady", "Unknown", "A")], "False", "B"),
        ([("IngressReady", "True", ""), ("PredictorReady", "Unknown", "A")], "Unknown", "A"),
        ([("IngressReady", "True", ""), ("PredictorReady", "True", "A")], "True", ""),
        ([("IngressReady", "True", "")], "Unknown", ""),
        ([("IngressReady", "True", ""), ("Stopped", "False", "")], "Unknown", ""),
    ],
)
def test_ready_follows(steps: list, ready: str, reason: str) -> None:
    made = conditions()
    made.initialise()
    for step in steps:
        made.set(*step)
    assert (made.status("Ready"), made.reason("Ready")) == (ready, reason)


def test_a_condition_of_no_consequence_is_informational() -> None:
    made = conditions()
    made.set("Stopped", "False")
    assert made.entries() == [
        {
            "type": "Stopped",
            "status": "False",
            "severity": "Info",
            "lastTransitionTime": "2026-01-02T00:00:00Z",
        }
    ]


def test_the_time_changes_only_with_the_rest() -> None:
    made = conditions(
        ("IngressReady", "True", "old"), ("PredictorReady", "True", "old"), ("Ready", "True", "old")
    )
    made.set("IngressReady", "True")
    made.set("PredictorReady", "True", "Changed")
    assert [c["lastTransitionTime"] for c in made.entries()] == ["old", "2026-01-02T00:00:00Z", "old"]


def test_of_two_stored_troubles_the_later_is_shown() -> None:
    made = conditions(
        ("IngressReady", "Unknown", "1"), ("PredictorReady", "Unknown", "2"), ("Ready", "True", "1")
    )
    made.set("IngressReady", "True")
    assert made.status("Ready") == "Unknown"


@given(st.lists(st.tuples(KINDS, STATES), min_size=1))
def test_ready_is_true_exactly_when_both_are(steps: list[tuple[str, str]]) -> None:
    made = conditions()
    made.initialise()
    for kind, status in steps:
        made.set(kind, status)
    both = {made.status("PredictorReady"), made.status("IngressReady")}
    assert (made.status("Ready") == "True") == (both == {"True"})
    assert (made.status("Ready") == "False") == ("False" in both)
