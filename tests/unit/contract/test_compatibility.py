"""Which changes of a contract break a client that exists, and with which sentence."""

import json

import pytest

from slipway_contract import BundleError, Input, Interface, Output, compare, parse_interface

from .conftest import manifest_of

AGE = {"name": "age", "type": "float"}
PLAN = {"name": "plan", "type": "category", "values": ["basic", "pro"]}
LABEL = {"name": "label", "type": "int", "classes": [0, 1]}
PROBABILITY = {"name": "probability", "type": "float", "columns": 2}
MATRIX = {"name": "x", "type": "float", "columns": 3}
BASE = {"inputs": [AGE, PLAN], "outputs": [LABEL, PROBABILITY]}
OPTIONAL = {"name": "city", "type": "string", "required": False, "missing": "none"}


def interface(**over) -> Interface:
    return parse_interface({**BASE, **over})


def inputs(*entries) -> dict:
    return {"inputs": list(entries)}


def outputs(*entries) -> dict:
    return {"outputs": list(entries)}


def age(**rules) -> dict:
    return inputs({**AGE, **rules}, PLAN)


def plan(**rules) -> dict:
    return inputs(AGE, {**PLAN, **rules})


COMPATIBLE = {
    "nothing": ({}, {}),
    "a new optional input": ({}, inputs(AGE, PLAN, OPTIONAL)),
    "a wider range": (age(minimum=0, maximum=10), age(minimum=-1, maximum=11)),
    "no range any more": (age(minimum=0, maximum=10), {}),
    "a range that is only told": ({}, age(minimum=0, maximum=1, outside="allow")),
    "a narrower range that is only told": (age(minimum=0, maximum=10), age(maximum=1, outside="allow")),
    "more categories": ({}, plan(values=["basic", "pro", "max"])),
    "categories in another order": ({}, plan(values=["pro", "basic"])),
    "fewer categories that become the default": (
        {},
        plan(values=["pro"], unknown="default", default="pro"),
    ),
    "whole numbers become any": (
        inputs({"name": "n", "type": "int"}),
        inputs({"name": "n", "type": "float"}),
    ),
    "a category becomes text": ({}, inputs(AGE, {"name": "plan", "type": "string"})),
    "missing values are taken": ({}, age(missing="nan")),
    "an input becomes optional": ({}, age(missing="nan", required=False)),
    "infinity is taken": ({}, age(infinite=True)),
    "another example and default": ({}, age(example=3.0, default=1.0)),
    "more outputs": ({}, outputs(LABEL, PROBABILITY, {"name": "score", "type": "float"})),
    "a matrix gets another name": (inputs({**MATRIX}), inputs({**MATRIX, "name": "rows"})),
    "a matrix gets names for its columns": (
        inputs(MATRIX),
        inputs(AGE, {**AGE, "name": "size", "columns": 2}),
    ),
    "more rows": ({"maxRows": 10}, {"maxRows": 11}),
    "any number of rows": ({"maxRows": 10}, {}),
}

BREAKING = {
    "an input is missing": ({}, inputs(PLAN), "input 'age' is gone"),
    "an optional input is missing": (
        inputs(AGE, PLAN, OPTIONAL),
        inputs(AGE, PLAN),
        "input 'city' is gone",
    ),
    "an input is retyped": ({}, inputs({"name": "age", "type": "int"}, PLAN), "'age' is int, it was float"),
    "a truth becomes a number": (
        inputs({"name": "b", "type": "bool"}),
        inputs({"name": "b", "type": "int"}),
        "input 'b' is int, it was bool",
    ),
    "a matrix is wider": (
        inputs({**AGE, "columns": 3}),
        inputs({**AGE, "columns": 4}),
        "input 'age' has 4 column(s), it had 3",
    ),
    "a named column of a matrix is narrower": (
        inputs({**MATRIX, "columns": 2}),
        inputs(AGE, {"name": "size", "type": "float", "maximum": 5}),
        "input 'size' refuses values above 5, it took any",
    ),
    "a named column of a matrix is of another type": (
        inputs({**MATRIX, "columns": 2}),
        inputs(AGE, {"name": "size", "type": "int"}),
        "input 'size' is int, it was float",
    ),
    "a new required input": (
        {},
        inputs(AGE, PLAN, {"name": "income", "type": "float"}),
        "input 'income' is new and required",
    ),
    "an optional input is required": (age(missing="nan", required=False), {}, "'age' is required"),
    "missing values are refused": (age(missing="nan"), {}, "'age' refuses missing values, it took them"),
    "infinity is refused": (age(infinite=True), {}, "'age' refuses infinity"),
    "a range where none was": ({}, age(minimum=0), "input 'age' refuses values below 0, it took any"),
    "a higher minimum": (
        age(minimum=0),
        age(minimum=1),
        "input 'age' refuses values below 1, it took them down to 0",
    ),
    "a lower maximum": (
        age(maximum=10),
        age(maximum=9.5),
        "input 'age' refuses values above 9.5, it took them up to 10",
    ),
    "a told range is enforced": (age(maximum=9, outside="allow"), age(maximum=9), "it took any"),
    "a column that holds less": (
        inputs({**AGE, "type": "int", "minimum": 0}, PLAN),
        inputs({**AGE, "type": "int", "dtype": "uint8"}, PLAN),
        "input 'age' refuses values above 255, it took any",
    ),
    "a category less": ({}, plan(values=["basic"]), "input 'plan' refuses 'pro', which it took"),
    "unknown categories are refused": (
        plan(unknown="allow"),
        {},
        "input 'plan' refuses values that are not among 'basic', 'pro', it took any",
    ),
    "text becomes a category": (
        inputs(AGE, {"name": "plan", "type": "string"}),
        {},
        "input 'plan' is category, it was string",
    ),
    "inputs in another order": (
        {},
        inputs(PLAN, AGE),
        "'age' has changed places with others: a client that sends all columns as one matrix would have its values",
    ),
    "fewer rows": ({"maxRows": 10}, {"maxRows": 9}, "a request may hold 9 rows, it could hold 10"),
    "a limit of rows": ({}, {"maxRows": 9}, "a request may hold 9 rows, it could hold any number"),
    "an output is removed": ({}, outputs(LABEL), "output 'probability' is gone"),
    "an output is retyped": (
        {},
        outputs({**LABEL, "type": "string", "classes": ["0", "1"]}, PROBABILITY),
        "output 'label' is string, it was int",
    ),
    "an output of another shape": (
        {},
        outputs(LABEL, {**PROBABILITY, "columns": 3}),
        "output 'probability' has shape [n, 3], it had [n, 2]",
    ),
    "other classes": (
        {},
        outputs({**LABEL, "classes": [1, 0]}, PROBABILITY),
        "output 'label' has the classes 1, 0, it had 0, 1",
    ),
}


@pytest.mark.parametrize("change", COMPATIBLE)
def test_what_takes_all_that_was_taken_breaks_nothing(change):
    old, new = COMPATIBLE[change]
    assert compare(interface(**old), interface(**new)).breaks == ()


@pytest.mark.parametrize("change", BREAKING)
def test_what_breaks_a_client_is_told_by_name_and_nothing_else_is(change):
    old, new, words = BREAKING[change]
    (sentence,) = compare(interface(**old), interface(**new)).breaks
    assert words in sentence


def test_an_input_that_may_have_been_renamed_is_told_with_its_new_name():
    renamed = interface(inputs=[{**AGE, "name": "years"}, PLAN])
    assert compare(interface(), renamed).breaks == (
        "input 'age' is gone (renamed to 'years'?)",
        "input 'years' is new and required",
    )


def test_columns_that_had_names_cannot_become_a_matrix():
    named, matrix = (
        interface(inputs=[AGE, {**AGE, "name": "b"}]),
        interface(inputs=[{**MATRIX, "columns": 2}]),
    )
    assert compare(named, matrix).breaks == (
        "input 'age' is gone",
        "input 'b' is gone",
        "input 'x' is new and required",
    )


def test_a_matrix_of_another_width_is_another_input():
    matrix, named = interface(inputs=[MATRIX]), interface(inputs=[AGE])
    assert "input 'x' is gone" in compare(matrix, named).breaks


def test_every_break_is_told():
    found = compare(interface(), interface(inputs=[AGE], outputs=[]))
    assert found.breaks == (
        "input 'plan' is gone",
        "output 'label' is gone",
        "output 'probability' is gone",
    )


def test_what_is_new_and_breaks_nobody_is_noted():
    more = interface(
        inputs=[AGE, PLAN, OPTIONAL], outputs=[*BASE["outputs"], {"name": "score", "type": "float"}]
    )
    assert compare(interface(), more).notes == (
        "input 'city' is new and optional: who sends one matrix has to add its column",
        "output 'score' is new",
    )
    assert compare(interface(), interface()).notes == ()


def test_an_interface_survives_json():
    whole = Interface(
        (
            Input(name="age", type="float", minimum=0, maximum=120.5, missing="nan", example=41.0),
            Input(name="plan", type="category", values=["a", "ü"], unknown="default", default="a"),
            Input(name="x", type="float", columns=2, example=[1.0, 2.0]),
        ),
        (Output(name="label", type="int", classes=[0, 1]),),
        64,
    )
    assert parse_interface(json.loads(json.dumps(whole.to_json()))) == whole


def test_an_interface_is_that_of_a_manifest():
    manifest = manifest_of({"model.joblib": b""})
    assert Interface.of(manifest).to_json() == {
        "inputs": [{"name": "age", "type": "float"}],
        "outputs": [{"name": "value", "type": "float"}],
    }


def test_fields_of_another_release_are_left_out():
    newer = {"inputs": [{**AGE, "unit": "years"}], "outputs": [{**LABEL, "meaning": "churn"}], "policy": {}}
    assert parse_interface(newer).inputs == (Input(**AGE),)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "not a JSON object"),
        ({"inputs": [], "outputs": 1}, "outputs must be a list"),
        ({"inputs": [1], "outputs": []}, "inputs must be a list of objects"),
        ({"inputs": [{"name": "x", "type": "colour"}], "outputs": []}, "inputs: type:"),
        ({"inputs": [], "outputs": [], "maxRows": "many"}, "maxRows"),
    ],
)
def test_what_is_no_contract_is_told(document, words):
    with pytest.raises(BundleError, match=words):
        parse_interface(document)
