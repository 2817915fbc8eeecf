"""A V2 answer against recorded outputs: equal within the tolerance, or which row and output is not."""

import pytest

from slipway_operator.gates.golden import difference

RECORDED = {"label": [0, 1, 1], "probability": [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]]}


def answer(label=(0, 1, 1), probability=(0.9, 0.1, 0.2, 0.8, 0.4, 0.6), **kinds):
    return {
        "outputs": [
            {"name": "label", "datatype": kinds.get("label", "INT64"), "shape": [3], "data": list(label)},
            {"name": "probability", "datatype": "FP64", "shape": [3, 2], "data": list(probability)},
        ]
    }


@pytest.mark.parametrize(
    "given",
    [
        answer(),
        answer(probability=(0.9000001, 0.1, 0.2, 0.8, 0.4, 0.6)),
        answer(label=("0", "1", "1"), label_="BYTES"),
        {"outputs": [*answer()["outputs"], {"name": "extra", "datatype": "FP64", "data": [1]}]},
    ],
)
def test_equal_is_equal_within_the_tolerance(given):
    assert difference(RECORDED, given, 1e-5) is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            answer(label=(0, 0, 1)),
            "1 golden row(s) are answered otherwise, the first of them row 1: output 'label' is 0, 1",
        ),
        (
            answer(label=(1, 0, 0)),
            "3 golden row(s) are answered otherwise, the first of them row 0: output 'label' is 1",
        ),
        (
            answer(probability=(0.9, 0.1, 0.2, 0.8, 0.4, 0.60002)),
            "1 golden row(s) are answered otherwise, the first of them row 2: output 'probability'[1] is 0.60002, 0.6",
        ),
        (
            answer(label=(0, 1, 0), probability=(0.8, 0.2, 0.2, 0.8, 0.4, 0.6)),
            "2 golden row(s) are answered otherwise, the first of them row 0: output 'probability'[0] is 0.8, 0.9",
        ),
        (answer(label=(0, 1)), "output 'label' has 2 values, 3 were recorded"),
        (answer(label=(None, 1, 1)), "row 0: output 'label' is None, 0 was recorded"),
        (answer(label=(False, 1, 1)), None),
        ({"outputs": answer()["outputs"][:1]}, "output 'probability' is not in the answer"),
        ({"error": "no"}, "the answer has no outputs"),
        ([], "the answer has no outputs"),
    ],
)
def test_the_first_row_that_differs_is_named_with_its_output(given, words):
    found = difference(RECORDED, given, 1e-5)
    assert (found is None) if words is None else words in found


def test_whole_numbers_have_no_tolerance():
    assert difference(
        {"n": [100000000]}, {"outputs": [{"name": "n", "datatype": "INT64", "data": [100000001]}]}, 1e-5
    )


def test_large_numbers_are_compared_relative_to_their_size():
    def given(value):
        return {"outputs": [{"name": "n", "datatype": "FP64", "data": [value]}]}

    assert difference({"n": [1e9]}, given(1e9 + 1000), 1e-5) is None
    assert difference({"n": [1e9]}, given(1e9 + 20000), 1e-5)
    assert difference({"n": [0.5]}, given(0.5000001), 0.0)
