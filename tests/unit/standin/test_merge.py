"""Merging a model's container and pod fields over a runtime's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_standin.merge import merge, merge_containers


@pytest.mark.parametrize(
    ("base", "patch", "merged"),
    [
        ({"a": 1}, {}, {"a": 1}),
        ({"a": 1}, {"a": None}, {}),
        ({"a": {"x": 1}}, {"a": {"y": 2}}, {"a": {"x": 1, "y": 2}}),
        ({"command": ["a", "b"]}, {"command": ["c"]}, {"command": ["c"]}),
        ({"tolerations": [{"key": "a"}]}, {"tolerations": [{"key": "b"}]}, {"tolerations": [{"key": "b"}]}),
        (
            {"volumes": [{"name": "a", "emptyDir": {}}]},
            {"volumes": [{"name": "b", "emptyDir": {}}]},
            {"volumes": [{"name": "b", "emptyDir": {}}, {"name": "a", "emptyDir": {}}]},
        ),
        (
            {"ports": [{"containerPort": 80, "name": "h"}]},
            {"ports": [{"containerPort": 80, "protocol": "TCP"}]},
            {"ports": [{"containerPort": 80, "name": "h", "protocol": "TCP"}]},
        ),
    ],
)
def test_merge(base: dict, patch: dict, merged: dict) -> None:
    assert merge(base, patch) == merged


@pytest.mark.parametrize(
    ("below", "above", "order"),
    [
        ("", "V", "V"),
        ("M", "V", "VM"),
        ("AB", "B", "AB"),
        ("AB", "A", "AB"),
        ("ABC", "CA", "BCA"),
        ("ABC", "XB", "XABC"),
    ],
)
def test_the_order_of_merged_items(below: str, above: str, order: str) -> None:
    def env(names: str) -> list:
        return [{"name": name} for name in names]

    assert merge({"env": env(below)}, {"env": env(above)})["env"] == env(order)


@given(st.permutations("ABCDE"), st.permutations("CDEFG"))
def test_no_item_is_lost_and_each_list_keeps_its_order(below: list[str], above: list[str]) -> None:
    merged = merge({"env": [{"name": n} for n in below]}, {"env": [{"name": n, "value": n} for n in above]})[
        "env"
    ]
    names = [entry["name"] for entry in merged]
    assert sorted(names) == sorted({*below, *above})
    assert [name for name in names if name in above] == above
    assert [name for name in names if name not in above] == [name for name in below if name not in above]


def test_arguments_are_added_and_the_runtimes_name_stays() -> None:
    runtime = {"name": "kserve-container", "args": ["serve"], "image": "a"}
    assert merge_containers(runtime, {"args": ["--x"], "image": "b"}) == {
        "name": "kserve-container",
        "args": ["serve", "--x"],
        "image": "b",
    }


@pytest.mark.parametrize(
    ("below", "above", "settled"),
    [
        ({"value": "1"}, {"valueFrom": {"s": 1}}, {"valueFrom": {"s": 1}}),
        ({"valueFrom": {"s": 1}}, {"value": "2"}, {"value": "2"}),
        ({"value": "1"}, {}, {"value": "1"}),
    ],
)
def test_an_entry_has_a_value_or_a_source(below: dict, above: dict, settled: dict) -> None:
    merged = merge_containers(
        {"name": "c", "env": [{"name": "E", **below}]}, {"env": [{"name": "E", **above}]}
    )
    assert merged["env"] == [{"name": "E", **settled}]
