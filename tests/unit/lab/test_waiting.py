"""Waiting, with a clock of its own."""

import pytest

from slipway_lab.errors import LabError
from slipway_lab.waiting import wait_until


def test_waiting_ends_when_the_condition_holds_or_with_a_sentence():
    now = [0.0]

    def pause(seconds):
        now[0] += seconds

    wait_until(lambda: now[0] > 1, "it did not come", 5, lambda: now[0], pause)
    with pytest.raises(LabError, match="it did not come within 5 s"):
        wait_until(lambda: False, "it did not come", 5, lambda: now[0], pause)
