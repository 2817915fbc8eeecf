"""A short fuzzing run of every border, and the fuzzer itself: a long run is `make fuzz`."""

import random

import pytest

from tests.fuzz.catalogue import TARGETS, target
from tests.fuzz.connection import Http
from tests.fuzz.own import Found, fuzz
from tests.fuzz.targets import Contract

INPUTS = {"http": 3000, "v2": 10_000, "grpc": 5000, "v1": 5000, "contract": 150}
WORDS = {
    "http": {"200", "400", "404", "405", "413", "415"},
    "v2": {"answered", "refused"},
    "grpc": {"answered", "refused"},
    "v1": {"answered", "refused"},
    "contract": {"manifest", "refused"},
}


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_is_found_in_a_short_run_that_reaches_every_kind_of_answer(name: str) -> None:
    made = target(name)
    tried = fuzz(made, INPUTS[name])
    if isinstance(made, Http):
        made.close()
    assert tried.inputs == INPUTS[name]
    assert set(tried.outcomes) >= WORDS[name]


def test_a_seed_gives_the_same_input_again() -> None:
    for name in TARGETS:
        made = target(name)
        assert made.make(random.Random(7)) == made.make(random.Random(7))
        if isinstance(made, Http):
            made.close()


def test_what_is_found_is_named_with_its_seed() -> None:
    class Bad(Contract):
        def run(self, data: bytes) -> str:
            raise ZeroDivisionError("here")

    with pytest.raises(Found, match="contract, seed 5: ZeroDivisionError: here"):
        fuzz(Bad(), 1, seed=5)


FOUND_BEFORE = {
    "contract": [
        # A number beyond any float; half of a surrogate pair.
        (
            b"{apiVersion: slipway.dev/v1alpha1, kind: ModelBundle, name: m, version: '1', artifact: a, libraries: {}, "
            b"files: {a: %s}, outputs: [{name: value, type: float}], inputs: [{name: x, type: float, example: 1%s}]}"
        )
        % (b"a" * 64, b"0" * 400),
        b'{"apiVersion": "\\ud800"}',
    ]
}


@pytest.mark.parametrize("name", FOUND_BEFORE)
def test_what_was_found_before_is_mended(name: str) -> None:
    for data in FOUND_BEFORE[name]:
        assert target(name).run(data) == "refused"
