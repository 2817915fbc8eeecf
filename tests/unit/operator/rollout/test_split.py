"""The way from one split to another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_operator.rollout.split import LEAST, WHOLE, make_split, next_split, normalised, placed


@pytest.mark.parametrize(
    ("percent", "split"),
    [
        (0, {"a": WHOLE}),
        (10, {"a": 900_000, "b": 100_000}),
        (100, {"b": WHOLE}),
    ],
)
def test_percent_to_millionths(percent, split):
    assert make_split("a", "b", percent) == split


@pytest.mark.parametrize(
    ("current", "wanted", "way"),
    [
        ({}, {"a": WHOLE}, [{"a": WHOLE}]),
        (
            {"a": WHOLE},
            {"a": 900_000, "b": 100_000},
            [{"a": 999_999, "b": 1}, {"a": 900_000, "b": 100_000}],
        ),
        (
            {"a": 500_000, "b": 500_000},
            {"b": WHOLE},
            [{"b": 999_999, "a": 1}, {"b": WHOLE}],
        ),
        (
            {"a": WHOLE},
            {"b": WHOLE},
            [{"a": 999_999, "b": 1}, {"b": 999_999, "a": 1}, {"b": WHOLE}],
        ),
        ({"a": 900_000, "b": 100_000}, {"a": 500_000, "b": 500_000}, [{"a": 500_000, "b": 500_000}]),
    ],
)
def test_way(current, wanted, way):
    walked = []
    while current != wanted:
        current = next_split(current, wanted)
        walked.append(current)
    assert walked == way


names = st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True)


@st.composite
def splits(draw):
    members = draw(names)
    cuts = sorted(
        draw(st.lists(st.integers(1, 99), min_size=len(members) - 1, max_size=len(members) - 1, unique=True))
    )
    edges = [0, *cuts, 100]
    return {
        name: (high - low) * 10_000 for name, low, high in zip(members, edges[:-1], edges[1:], strict=True)
    }


@given(splits(), splits())
def test_every_way_is_whole_hitless_and_short(current, wanted):
    for _ in range(4):
        if current == wanted:
            break
        following = next_split(current, wanted)
        assert sum(following.values()) == WHOLE
        assert min(following.values()) >= LEAST
        for name in set(current) ^ set(following):
            weight = current.get(name, 0) + following.get(name, 0)
            assert weight == LEAST, f"{name} enters or leaves with weight {weight}: requests are lost"
        current = following
    assert current == wanted, "the way has more than four steps"


@pytest.mark.parametrize(
    ("weights", "split"),
    [
        ({"a": 90, "b": 10}, {"a": 900_000, "b": 100_000}),
        ({"a": 1, "b": 1, "c": 1}, {"a": 333_334, "b": 333_333, "c": 333_333}),
        ({"a": 1, "b": 0}, {"a": WHOLE}),
        ({"a": 999_999, "b": 1}, {"a": 999_999, "b": 1}),
        ({"a": 0}, None),
        ({}, None),
    ],
)
def test_weights_mean_shares_whatever_they_add_up_to(weights, split):
    assert normalised(weights) == split


@given(st.lists(st.integers(1, 99), min_size=2, max_size=5, unique=True).map(sorted))
def test_a_client_that_a_hash_has_given_to_the_canary_stays_there_while_its_weight_rises(weights):
    """Envoy cuts the hashes into ranges by the weights, in the order of the backends."""
    split, start = make_split("stable"), WHOLE
    for weight in weights:
        wanted = make_split("stable", "canary", weight)
        while split != wanted:
            split = next_split(split, wanted)
            assert list(split) == ["stable", "canary"]
            assert split["stable"] <= start, "the canary's range begins later than before"
            start = split["stable"]


@pytest.mark.parametrize(
    ("places", "split", "backends"),
    [
        ([], {"a": 9, "b": 1}, [("a", 9), ("b", 1)]),
        (["a", "b"], {"b": 10}, [("b", 0), ("b", 10)]),
        (["a", "b"], {"a": 10}, [("a", 10)]),
        ([None, "b"], {"b": 9, "c": 1}, [("c", 1), ("b", 9)]),
        ([None, "b"], {"b": 10}, [("b", 0), ("b", 10)]),
        (["a", "b", "c"], {"c": 6, "a": 4}, [("a", 4), ("c", 0), ("c", 6)]),
        (["a", "a"], {"a": 10}, [("a", 10)]),
        (["a", None, "b"], {"b": 8, "c": 1, "d": 1}, [("c", 1), ("d", 1), ("b", 8)]),
        (["a", None, "b"], {"a": 5, "b": 5}, [("a", 5), ("a", 0), ("b", 5)]),
        (["a", None, "b"], {"b": 5, "a": 5}, [("a", 5), ("a", 0), ("b", 5)]),
    ],
)
def test_who_has_a_place_keeps_it_and_a_newcomer_takes_a_free_one(places, split, backends):
    assert placed(places, split) == backends


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=8))
def test_over_any_number_of_rollouts_nobody_ever_changes_places(stables):
    split, places = make_split("a"), ["a"]
    for stable in stables:
        while split != make_split(stable):
            split = next_split(split, make_split(stable))
            backends = placed(places, split)
            then = [name if weight else None for name, weight in backends]
            assert dict(part for part in backends if part[1]) == split
            for number, name in enumerate(places):
                assert name not in split or then[number] == name, (
                    f"{name} had place {number}: {places} {then}"
                )
            assert len(then) <= 3, "places that are free are taken first"
            places = then
