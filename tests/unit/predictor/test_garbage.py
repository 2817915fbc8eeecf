"""The collector leaves requests alone, and still finds what is lost."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from slipway_predictor.serving.garbage import YOUNG, kept


@pytest.fixture
def collections() -> Iterator[list[str]]:
    """The phases of the collections that were made since `kept`; everything is as before afterwards."""
    usual, seen = gc.get_threshold(), []

    def note(phase: str, _info: dict[str, int]) -> None:
        seen.append(phase)

    with kept():
        pass
    gc.callbacks.append(note)
    yield seen
    gc.callbacks.remove(note)
    gc.set_threshold(*usual)
    gc.unfreeze()


class Lost:
    def __init__(self) -> None:
        self.itself = self


def test_requests_under_way_and_answers_remembered_are_not_looked_at(collections: list[str]) -> None:
    held = [[number] for number in range(YOUNG // 2)]
    assert len(held) == YOUNG // 2
    assert not collections


def test_what_is_lost_in_a_circle_is_found(collections: list[str]) -> None:
    first = weakref.ref(Lost())
    held = [Lost() and [number] for number in range(2 * YOUNG)]
    assert held
    assert collections
    assert first() is None
