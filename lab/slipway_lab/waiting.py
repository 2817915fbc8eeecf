"""Waiting for something to come true, with a limit and a sentence."""

import time
from collections.abc import Callable

from slipway_lab.errors import LabError


def wait_until(
    condition: Callable[[], bool],
    what: str,
    timeout: float,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], object] = time.sleep,
    every: float = 0.2,
) -> None:
    """Look again and again until the condition holds; raises ``LabError`` saying what did not come true."""
    deadline = clock() + timeout
    while not condition():
        if clock() > deadline:
            raise LabError(f"{what} within {timeout:.0f} s")
        pause(every)
