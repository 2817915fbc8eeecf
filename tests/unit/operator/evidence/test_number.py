"""Variables in queries, and what counts as a number."""

import math

import pytest

from slipway_operator.calls.http import NoAnswerError
from slipway_operator.evidence.number import NoNumberError, fill, finite
from slipway_operator.evidence.prometheus import value_of
from slipway_operator.evidence.web import number_at, segments

KNOWN = {"revision": "5d41402a", "window": "1m"}


def test_variables_are_filled_in_with_and_without_spaces():
    text = 'sum(rate(x{revision="{{revision}}"}[{{ window }}]))'
    assert fill(text, KNOWN) == 'sum(rate(x{revision="5d41402a"}[1m]))'
    assert fill("x{a='b'}", KNOWN) == "x{a='b'}"


def test_an_unknown_variable_is_named():
    with pytest.raises(
        NoAnswerError, match=r"there is no variable \{\{revison\}\}; there are namespace, name"
    ):
        fill("{{revison}}", KNOWN)


@pytest.mark.parametrize(("text", "value"), [("0.25", 0.25), (3, 3.0), ("1e-3", 0.001), (-1.5, -1.5)])
def test_a_number_is_a_number(text, value):
    assert finite(text) == value


@pytest.mark.parametrize("text", ["NaN", "+Inf", "-Inf", math.nan, math.inf])
def test_what_a_division_by_zero_gives_is_no_number_yet(text):
    with pytest.raises(NoNumberError, match="as of a division by zero"):
        finite(text)


@pytest.mark.parametrize("text", ["much", None, True, [], {}])
def test_anything_else_is_an_error(text):
    with pytest.raises(NoAnswerError, match="no number but"):
        finite(text)


def answer(*values, kind="vector"):
    result = [{"metric": {}, "value": [1, value]} for value in values] if kind == "vector" else [1, *values]
    return {"status": "success", "data": {"resultType": kind, "result": result}}


def test_one_series_or_a_scalar_is_the_value():
    assert value_of(answer("0.5")) == 0.5
    assert value_of(answer("2", kind="scalar")) == 2


def test_no_series_is_no_number_yet_and_several_are_an_error():
    with pytest.raises(NoNumberError, match="the query gives no series"):
        value_of(answer())
    with pytest.raises(NoAnswerError, match=r"3 series, not one: aggregate them, as with sum\(\)"):
        value_of(answer("1", "2", "3"))


@pytest.mark.parametrize(
    "document", [None, [], {}, {"data": None}, {"data": {"resultType": "matrix", "result": [{}]}}]
)
def test_any_other_document_is_an_error(document):
    with pytest.raises(NoAnswerError, match="not that of an instant query"):
        value_of(document)


DOCUMENT = {"data": {"errors": [{"share": 0.1}, {"share": "0.2"}], "odd name": 3, "none": None}}


@pytest.mark.parametrize(
    ("path", "value"),
    [("$.data.errors[0].share", 0.1), ("$['data'].errors[1]['share']", 0.2), ("$.data['odd name']", 3.0)],
)
def test_a_path_leads_to_the_number(path, value):
    assert number_at(DOCUMENT, path) == value


def test_the_document_itself_may_be_the_number():
    assert number_at(7, "$") == 7


@pytest.mark.parametrize(
    "path", ["$.data.gone", "$.data.errors[2].share", "$.data[0]", "$.data.errors.share", "$.data.none"]
)
def test_a_path_that_leads_nowhere_is_no_number_yet(path):
    with pytest.raises(NoNumberError, match="there is nothing at"):
        number_at(DOCUMENT, path)


@pytest.mark.parametrize("path", ["", "data", "$..share", "$.data[*]", "$.a b", "$[-1]", "$.a[?(@.b)]"])
def test_a_path_that_may_lead_to_many_places_is_refused(path):
    with pytest.raises(NoAnswerError, match="is no path of names and indices"):
        segments(path)


def test_a_path_to_something_else_is_an_error():
    with pytest.raises(NoAnswerError, match="no number but"):
        number_at(DOCUMENT, "$.data.errors")
