"""Blocks laid over blocks."""

from slipway_operator.api.merging import merged


def test_merging_replaces_lists_and_goes_into_objects():
    assert merged({"a": {"b": 1, "c": [1]}}, {"a": {"c": [2], "d": 3}}) == {"a": {"b": 1, "c": [2], "d": 3}}
