"""The contract applied to tensors: forms that are taken, the table that comes out, and every refusal."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_contract import Input
from slipway_predictor.features import Columns, Intake, join, to_frame
from slipway_predictor.protocol import DATATYPES, BadRequest, Tensor

from .conftest import MATRIX, PEOPLE

FEATURES = [Input(name=name, type="float") for name in ("a", "b", "c")]


def make(name: str, data: Any, datatype: str = "FP64") -> Tensor:
    return Tensor(name, datatype, np.array(data, dtype=DATATYPES[datatype].dtype))


def a_person(**changes: Tensor) -> list[Tensor]:
    tensors = {
        "age": make("age", [40, 50], "INT64"),
        "plan": make("plan", [["gold"], ["pro"]], "BYTES"),
        "active": make("active", [True, False], "BOOL"),
        "spend": make("spend", [[1.5], [2]], "FP32"),
    }
    return list((tensors | changes).values())


@pytest.mark.parametrize("inputs", [MATRIX, FEATURES])
@pytest.mark.parametrize("name", ["input", "whatever", "a"])
def test_a_matrix_may_carry_any_name(inputs: list[Input], name: str) -> None:
    table = Intake(inputs, framed=False).table([make(name, [[1, 2, 3], [4, 5, 6]], "INT32")])
    assert table.dtype == np.float64
    assert table.tolist() == [[1, 2, 3], [4, 5, 6]]


def test_features_may_come_one_by_one_in_any_order() -> None:
    tensors = [make("c", [[3], [6]]), make("a", [1, 4]), make("b", [2, 5])]
    assert Intake(FEATURES, framed=False).table(tensors).tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize("data", [[1, 2], [[1], [2]]])
@pytest.mark.parametrize("framed", [True, False])
def test_a_model_of_one_feature_takes_both_forms(data: Any, framed: bool) -> None:
    table = Intake(FEATURES[:1], framed=framed).table([make("a", data)])
    assert np.asarray(table).tolist() == [[1], [2]]


def people_frame(tensors: list[Tensor]) -> pd.DataFrame:
    return to_frame(Intake(PEOPLE, framed=True).table(tensors), [entry.name for entry in PEOPLE])


def test_a_frame_has_the_names_and_the_types() -> None:
    frame = people_frame(a_person())
    assert list(frame.columns) == ["age", "plan", "active", "spend"]
    assert [dtype.kind for dtype in frame.dtypes] == ["i", "O", "b", "f"]
    assert frame["plan"].tolist() == ["gold", "pro"]


def test_a_frame_of_floats_is_one_matrix() -> None:
    table = Intake(FEATURES, framed=True).table([make("x", [[1, 2, 3]])])
    assert isinstance(table, np.ndarray)
    assert to_frame(table, ["a", "b", "c"]).to_dict("list") == {"a": [1.0], "b": [2.0], "c": [3.0]}


def test_tables_of_one_model_are_joined_in_order() -> None:
    matrix = Intake(FEATURES, framed=False)
    whole = join([matrix.table([make("x", [[1, 2, 3]])]), matrix.table([make("x", [[4, 5, 6], [7, 8, 9]])])])
    assert np.asarray(whole).tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    people = Intake(PEOPLE, framed=True).table(a_person())
    assert join([people]) is people
    both = to_frame(join([people, people]), [entry.name for entry in PEOPLE])
    pd.testing.assert_frame_equal(both, pd.concat([people_frame(a_person())] * 2, ignore_index=True))


def test_whole_numbers_may_come_as_floats_and_truth_as_numbers() -> None:
    tensors = a_person(age=make("age", [40.0, 50.0]), active=make("active", [1, 0], "INT8"))
    table = people_frame(tensors)
    assert (table["age"].tolist(), table["active"].tolist()) == ([40, 50], [True, False])


def test_truth_is_a_number_to_a_model_that_takes_floats() -> None:
    flags = make("b", [True, False], "BOOL")
    intake = Intake(FEATURES, framed=False)
    for third in (make("c", [3.0, 3.0]), make("c", [3, 3], "INT8")):
        table = intake.table([make("a", [1, 2], "INT32"), flags, third])
        assert (table.dtype, table.tolist()) == (np.float64, [[1, 1, 3], [2, 0, 3]])
    assert intake.table([make("x", [[True, False, True]], "BOOL")]).tolist() == [[1, 0, 1]]


def test_a_matrix_of_text_is_taken_where_all_inputs_are_text() -> None:
    inputs = [Input(name=name, type="string") for name in ("a", "b")]
    assert Intake(inputs, framed=False).table([make("x", [["p", "q"]], "BYTES")]).tolist() == [["p", "q"]]


@pytest.mark.parametrize(
    ("inputs", "tensors", "sentence"),
    [
        (MATRIX, [make("x", [[1, 2]])], r"'x' has shape \[1, 2\]; this model takes \[n, 3\]$"),
        (MATRIX, [make("x", [1, 2, 3])], r"'x' has shape \[3\]; this model takes \[n, 3\]$"),
        (MATRIX, [make("x", [[[1, 2, 3]]])], r"has shape \[1, 1, 3\]"),
        (
            MATRIX,
            [make("x", [[1, 2, 3]]), make("y", [1])],
            "unknown input 'x', 'y'; this model takes 'input'",
        ),
        (MATRIX, [make("input", [[1, 2, 3]]), make("y", [1])], "unknown input 'y'"),
        (MATRIX, [make("x", np.empty((0, 3)))], "holds no rows"),
        (
            MATRIX,
            [make("x", [["1", "2", "3"]], "BYTES")],
            "'input' takes FP64, FP32, FP16, BOOL or an integer type, not BYTES",
        ),
        (
            MATRIX,
            [make("x", [[1, 2, 3], [4, np.nan, 6]])],
            r"'input', row 1, column 1: nan is missing \(null or NaN\), a value is needed",
        ),
        (MATRIX, [make("x", [[1, 2, np.inf]], "FP16")], "row 0, column 2: inf must be a finite number"),
        (FEATURES, [make("x", [[1, 2]])], r"takes \[n, 3\], or one tensor \[n\] for each of its 3 inputs"),
        (FEATURES, [make("a", [1])], "missing input 'b', 'c'"),
        (FEATURES, [make("a", [1]), make("b", [1])], "missing input 'c'"),
        (FEATURES, [make(n, [1]) for n in "abcd"], "unknown input 'd'"),
        (FEATURES, [make("a", [1]), make("b", [1, 2]), make("c", [1])], "'b' has 2 rows, 'a' has 1"),
        (
            FEATURES,
            [make("a", [1]), make("b", [[1, 2]]), make("c", [1])],
            r"'b' has shape \[1, 2\], it must be \[n\] or",
        ),
        (
            FEATURES,
            [make("a", [1]), make("b", [np.nan]), make("c", [1])],
            r"'b', row 0: nan is missing \(null or NaN\), a value is needed",
        ),
        (PEOPLE, a_person(age=make("age", [1.5, 2])), "'age', row 0: 1.5 must be a whole number"),
        (PEOPLE, a_person(age=make("age", [1, 1e300])), r"'age', row 1: 1e\+300 must be a whole number"),
        (
            PEOPLE,
            a_person(age=make("age", [1, 2**63], "UINT64")),
            "'age', row 1: 9223372036854775808 must be",
        ),
        (PEOPLE, a_person(plan=make("plan", [1, 2])), "'plan' takes BYTES, not FP64"),
        (PEOPLE, a_person(active=make("active", [1, 2], "INT8")), "'active', row 1: 2 must be 0 or 1"),
        (PEOPLE, [make("x", [[40, 1, 1, 2]])], "'plan' takes BYTES, not FP64"),
    ],
)
def test_what_does_not_fit_is_named(inputs: list[Input], tensors: list[Tensor], sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        Intake(inputs, framed=inputs is PEOPLE).table(tensors)


def test_a_long_list_of_names_is_cut() -> None:
    inputs = [Input(name=f"f{i}", type="float") for i in range(30)]
    with pytest.raises(BadRequest, match="missing input 'f1', 'f2', 'f3', 'f4', 'f5' and 24 more"):
        Intake(inputs, framed=False).table([make("f0", [1])])


shapes = st.lists(st.integers(0, 4), min_size=1, max_size=3).map(tuple)
tensors = st.builds(
    lambda name, datatype, shape, value: Tensor(
        name, datatype, np.full(shape, "x" if datatype == "BYTES" else value, dtype=DATATYPES[datatype].dtype)
    ),
    st.sampled_from(["a", "b", "c", "age", "plan", "active", "spend", "input"]),
    st.sampled_from(list(DATATYPES)),
    shapes,
    st.sampled_from([0, 1, 100]),
)


@pytest.mark.parametrize("inputs", [MATRIX, FEATURES, PEOPLE], ids=["matrix", "features", "people"])
@given(given_tensors=st.lists(tensors, min_size=1, max_size=4, unique_by=lambda entry: entry.name))
def test_any_tensors_make_a_whole_table_or_a_bad_request(
    inputs: list[Input], given_tensors: list[Tensor]
) -> None:
    try:
        table = Intake(inputs, framed=inputs is PEOPLE).table(given_tensors)
    except BadRequest:
        return
    width = len(table.arrays) if isinstance(table, Columns) else table.shape[1]
    assert (len(table), width) == (len(given_tensors[0].array), sum(entry.width for entry in inputs))
