"""The contract's rules: what becomes of bounds, sets of values, gaps and unknowns; a row that breaks one is named."""

from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_contract import Input
from slipway_predictor.features import Intake, example_request, join, to_frame
from slipway_predictor.protocol import DATATYPES, BadRequest, Rejected, Tensor, v2_json


def tensor(name: str, data: Any, datatype: str = "FP64") -> Tensor:
    dtype = float if datatype != "BYTES" else object
    return Tensor(name, datatype, np.array(data, dtype=dtype))


def one(values: list[Any], datatype: str, /, **rules: Any) -> list[Any]:
    """Return what becomes of the values of an input `x` beside one plain float."""
    return column(values, datatype, **rules).tolist()


def column(values: list[Any], datatype: str, /, **rules: Any) -> "pd.Series[Any]":
    inputs = [Input(name="x", **rules), Input(name="y", type="float")]
    tensors = [tensor("x", values, datatype), tensor("y", [1.0] * len(values))]
    table = Intake(inputs, framed=True).table(tensors)
    return to_frame(table, ["x", "y"])["x"]


GAP = float("nan")


@pytest.mark.parametrize(
    ("values", "datatype", "rules", "expected"),
    [
        ([1, 5], "FP64", {"type": "float", "minimum": 1, "maximum": 5}, [1.0, 5.0]),
        ([0, 9], "FP64", {"type": "float", "minimum": 1, "maximum": 5, "outside": "allow"}, [0.0, 9.0]),
        ([1, GAP], "FP64", {"type": "float", "missing": "nan", "minimum": 1}, [1.0, GAP]),
        ([1, GAP], "FP64", {"type": "float", "missing": "default", "default": 3}, [1.0, 3.0]),
        ([1, GAP], "INT64", {"type": "int", "missing": "default", "default": 3}, [1, 3]),
        ([1, GAP], "BOOL", {"type": "bool", "missing": "default", "default": True}, [True, True]),
        ([1, np.inf], "FP64", {"type": "float", "infinite": True}, [1.0, np.inf]),
        (["a", "b"], "BYTES", {"type": "category", "values": ["a", "b"]}, ["a", "b"]),
        (
            ["a", "z"],
            "BYTES",
            {"type": "category", "values": ["a", "b"], "unknown": "default", "default": "b"},
            ["a", "b"],
        ),
        (["a", "z"], "BYTES", {"type": "category", "values": ["a", "b"], "unknown": "allow"}, ["a", "z"]),
        (["a", None], "BYTES", {"type": "string", "missing": "none"}, ["a", None]),
        (["a", None], "BYTES", {"type": "string", "missing": "nan"}, ["a", GAP]),
        (["a", None], "BYTES", {"type": "string", "missing": "default", "default": "q"}, ["a", "q"]),
        (
            ["a", None],
            "BYTES",
            {"type": "category", "values": ["a"], "missing": "default", "default": "a"},
            ["a", "a"],
        ),
        ([1, 7], "INT64", {"type": "int", "values": [1, 2], "unknown": "default", "default": 2}, [1, 2]),
        (
            ["2026-05-01T12:00:00Z", "2026-05-01T14:00:00+02:00", "2026-05-01"],
            "BYTES",
            {"type": "timestamp"},
            [pd.Timestamp(2026, 5, 1, 12), pd.Timestamp(2026, 5, 1, 12), pd.Timestamp(2026, 5, 1)],
        ),
        (
            ["2026-05-01", None],
            "BYTES",
            {"type": "timestamp", "missing": "nan"},
            [pd.Timestamp(2026, 5, 1), pd.NaT],
        ),
        (
            [None],
            "BYTES",
            {"type": "timestamp", "missing": "default", "default": "2026-05-01T00:00:00Z"},
            [pd.Timestamp(2026, 5, 1)],
        ),
    ],
)
def test_values_become_what_the_rules_say(
    values: list[Any], datatype: str, rules: dict[str, Any], expected: list[Any]
) -> None:
    got = one(values, datatype, **rules)
    assert len(got) == len(expected)
    for value, wanted in zip(got, expected, strict=True):
        assert (pd.isna(value) and pd.isna(wanted) and type(value) is type(wanted)) or value == wanted


@pytest.mark.parametrize(
    ("values", "datatype", "rules", "sentence"),
    [
        ([1, 0.5], "FP64", {"type": "float", "minimum": 1}, "'x', row 1: 0.5 must be at least 1"),
        ([1, 6], "FP64", {"type": "float", "maximum": 5}, "'x', row 1: 6.0 must be at most 5"),
        ([2, GAP], "FP64", {"type": "float", "maximum": 5}, r"'x', row 1: nan is missing \(null or NaN\)"),
        ([1, GAP], "INT64", {"type": "int"}, "'x', row 1: nan is missing"),
        ([1, np.inf], "FP64", {"type": "float"}, "'x', row 1: inf must be a finite number"),
        ([1, 3], "INT64", {"type": "int", "values": [1, 2]}, "'x', row 1: 3 must be one of 1, 2"),
        (["a", None], "BYTES", {"type": "string"}, r"'x', row 1: null is missing \(null\)"),
        (
            ["a", "q"],
            "BYTES",
            {"type": "category", "values": list("abcdefg")},
            "'x', row 1: q must be one of a, b, c, d, e and 2 more",
        ),
        (["z" * 99], "BYTES", {"type": "category", "values": ["a"]}, "row 0: z{60}… must be"),
        (
            ["soon"],
            "BYTES",
            {"type": "timestamp"},
            "'x', row 0: soon must be a time like 2026-05-01T12:30:00Z",
        ),
        (
            ["2026-05-01", "0001-01-01T00:00:00+14:00"],
            "BYTES",
            {"type": "timestamp"},
            r"'x', row 1: 0001-01-01T00:00:00\+14:00 must be a time like",
        ),
        (["9999-12-31T23:59:59-14:00"], "BYTES", {"type": "timestamp"}, "row 0: 9999-.* must be a time like"),
        ([1], "INT64", {"type": "timestamp"}, "'x' takes BYTES, not INT64"),
        ([1, 128], "INT64", {"type": "int", "dtype": "int8"}, "'x', row 1: 128.0 must be at most 127"),
        ([-1], "INT64", {"type": "int", "dtype": "uint64"}, "'x', row 0: -1.0 must be at least 0"),
        ([7e4], "FP64", {"type": "float", "dtype": "float16"}, "'x', row 0: 70000.0 must be at most 65504"),
        (
            ["2026-05-01", "2263-01-01"],
            "BYTES",
            {"type": "timestamp", "dtype": "datetime64[ns]"},
            "'x', row 1: 2263-01-01 must be a time between 1677-09-22 and 2262-04-11",
        ),
    ],
)
def test_a_row_that_breaks_a_rule_is_named(
    values: list[Any], datatype: str, rules: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Rejected, match=sentence) as caught:
        one(values, datatype, **rules)
    assert caught.value.field == "x"


COLOURS = {"type": "category", "values": ["red", "blue"], "missing": "nan", "unknown": "allow"}


@pytest.mark.parametrize(
    ("values", "datatype", "rules", "expected"),
    [
        ([1, 127], "INT64", {"type": "int", "dtype": "int8"}, np.array([1, 127], np.int8)),
        ([0, 2**62], "INT64", {"type": "int", "dtype": "uint64"}, np.array([0, 2**62], np.uint64)),
        ([0.1, GAP], "FP64", {"type": "float", "dtype": "float32", "missing": "nan"}, np.float32([0.1, np.nan])),
        ([np.inf], "FP64", {"type": "float", "dtype": "float32", "infinite": True}, np.float32([np.inf])),
        (
            ["2026-05-01T12:00:00Z", None],
            "BYTES",
            {"type": "timestamp", "dtype": "datetime64[ns]", "missing": "nan"},
            np.array(["2026-05-01T12", "NaT"], "datetime64[ns]"),
        ),
        (
            ["2026-05-01T12:00:00Z", "2026-05-01T14:00:00+02:00", None],
            "BYTES",
            {"type": "timestamp", "dtype": "datetime64[ms, Europe/Berlin]", "missing": "nan"},
            pd.DatetimeIndex(["2026-05-01T14:00", "2026-05-01T14:00", None]).tz_localize("Europe/Berlin").as_unit("ms"),
        ),
        (
            ["blue", "green", None],
            "BYTES",
            COLOURS | {"dtype": "category"},
            pd.Categorical(["blue", None, None], categories=["red", "blue"]),
        ),
        (
            ["blue"],
            "BYTES",
            COLOURS | {"dtype": "ordered category"},
            pd.Categorical(["blue"], categories=["red", "blue"], ordered=True),
        ),
        (
            [3, GAP],
            "FP64",
            {"type": "float", "values": [5, 3], "missing": "nan", "dtype": "category"},
            pd.Categorical([3, None], categories=[5, 3]),
        ),
        ([True], "BOOL", {"type": "bool", "values": [False, True], "dtype": "category"}, pd.Categorical([True], [False, True])),
    ],
)  # fmt: skip
def test_a_column_gets_the_type_back_that_it_had_in_the_data(
    values: list[Any], datatype: str, rules: dict[str, Any], expected: Any
) -> None:
    pd.testing.assert_series_equal(column(values, datatype, **rules), pd.Series(expected, name="x"))


def test_a_float_of_another_type_alone_is_not_passed_as_a_plain_matrix() -> None:
    inputs = [Input(name="x", type="float", dtype="float32"), Input(name="y", type="float")]
    table = Intake(inputs, framed=True).table([tensor("any", [[0.1, 0.1]])])
    assert [str(dtype) for dtype in to_frame(table, ["x", "y"]).dtypes] == ["float32", "float64"]


def test_categories_stay_where_tables_are_cut_and_joined() -> None:
    intake = Intake([Input(name="x", dtype="category", **COLOURS)], framed=True)
    table = intake.table([tensor("x", ["blue", "red"], "BYTES")])
    both = to_frame(join([table[1:], table]), ["x"])["x"]
    assert (both.tolist(), both.cat.codes.tolist()) == (["red", "blue", "red"], [0, 1, 0])


def test_an_input_may_be_left_out_where_the_contract_says_so() -> None:
    inputs = [
        Input(name="a", type="float"),
        Input(name="b", type="float", required=False, missing="nan"),
        Input(name="c", type="int", required=False, missing="default", default=7),
        Input(name="d", type="string", required=False, missing="none"),
    ]
    frame = to_frame(Intake(inputs, framed=True).table([tensor("a", [1, 2])]), list("abcd"))
    assert frame["a"].tolist() == [1, 2]
    assert frame["b"].isna().all()
    assert frame["c"].tolist() == [7, 7]
    assert frame["d"].tolist() == [None, None]


def test_the_number_of_rows_is_limited() -> None:
    intake = Intake([Input(name="x", type="float", columns=2)], framed=False, max_rows=2)
    assert len(intake.table([tensor("x", [[1, 2], [3, 4]])])) == 2
    with pytest.raises(BadRequest, match="holds 3 rows; this model takes at most 2 at a time"):
        intake.table([tensor("x", [[1, 2]] * 3)])


numbers = st.floats() | st.sampled_from([0.0, 1.0, 2.0, 3.0, 1e200, float("nan"), float("inf")])
bounds = st.none() | st.integers(-2, 3)


@given(
    rows=st.lists(st.tuples(numbers, numbers), min_size=1, max_size=5),
    low=bounds,
    high=bounds,
    by_name=st.booleans(),
)
def test_a_plain_contract_decides_as_value_by_value_checks_do(
    rows: list[tuple[float, float]], low: int | None, high: int | None, by_name: bool
) -> None:
    if low is not None and high is not None and low > high:
        low, high = high, low
    inputs = [Input(name="a", type="float", minimum=low, maximum=high), Input(name="b", type="float")]
    data = np.array(rows)
    tensors = [tensor("a", data[:, 0]), tensor("b", data[:, 1])] if by_name else [tensor("whatever", data)]
    good = bool(
        np.isfinite(data).all()
        and (low is None or (data[:, 0] >= low).all())
        and (high is None or (data[:, 0] <= high).all())
    )
    intake = Intake(inputs, framed=False)
    if good:
        assert np.array_equal(np.asarray(intake.table(tensors)), data)
    else:
        with pytest.raises(Rejected):
            intake.table(tensors)


def test_every_datatype_of_numbers_is_taken_for_floats() -> None:
    intake = Intake([Input(name="x", type="float", columns=2)], framed=False)
    for name, datatype in DATATYPES.items():
        if datatype.kind in "fiu":
            table = intake.table([Tensor("x", name, np.array([[1, 2]], dtype=datatype.dtype))])
            assert np.asarray(table).tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("values", "datatype", "rules", "count"),
    [
        ([1, 5], "FP64", {"type": "float", "missing": "default", "default": 3}, 0),
        ([1, GAP, GAP], "FP64", {"type": "float", "missing": "default", "default": 3}, 2),
        ([1, GAP], "FP64", {"type": "float", "missing": "nan"}, 0),
        ([1, 7, GAP], "FP64", {"type": "int", "values": [1], "unknown": "default", "missing": "default", "default": 1}, 2),
        (["a", None], "BYTES", {"type": "string", "missing": "default", "default": "q"}, 1),
        (["a", None], "BYTES", {"type": "string", "missing": "none"}, 0),
        (
            ["a", "z", None],
            "BYTES",
            {"type": "category", "values": ["a"], "unknown": "default", "missing": "default", "default": "a"},
            2,
        ),
    ],
)  # fmt: skip
def test_it_is_known_for_how_many_values_a_default_stands_in(
    values: list[Any], datatype: str, rules: dict[str, Any], count: int
) -> None:
    intake = Intake([Input(name="x", **rules), Input(name="y", type="float")], framed=True)
    _, filled = intake.read([tensor("x", values, datatype), tensor("y", [1.0] * len(values))])
    assert dict(filled) == ({"x": count} if count else {})
    assert intake.fills == (("x",) if "default" in rules else ())


def test_an_input_that_is_left_out_is_filled_whole() -> None:
    x = Input(name="x", type="float", required=False, missing="default", default=3)
    table, filled = Intake([x, Input(name="y", type="float")], framed=False).read([tensor("y", [1.0, 2.0])])
    assert (np.asarray(table).tolist(), dict(filled)) == ([[3, 1], [3, 2]], {"x": 2})


@pytest.mark.parametrize(
    "rules",
    [
        {"type": "float", "minimum": 2**70},
        {"type": "float", "maximum": -(2**70)},
        {"type": "float", "columns": 2, "example": [2**70, 1]},
        {"type": "int", "minimum": 5, "outside": "reject"},
        {"type": "int", "maximum": -(2**63)},
        {"type": "int", "dtype": "int8", "maximum": -100},
        {"type": "float", "values": [5, 3]},
        {"type": "timestamp", "dtype": "datetime64[ns]"},
    ],
    ids=str,
)
def test_the_example_of_a_contract_passes_its_own_rules(rules: dict[str, Any]) -> None:
    inputs = [Input(name="x", **rules)]
    request = v2_json.decode(orjson.dumps(example_request(inputs)))
    assert len(Intake(inputs, framed=True).table(request.inputs)) == 1
