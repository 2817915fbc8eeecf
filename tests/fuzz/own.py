"""The fuzzer that needs nothing: seeded inputs, one after the other."""

import random
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field

from tests.fuzz.targets import Target


@dataclass
class Tried:
    """What came of some inputs."""

    inputs: int = 0
    seconds: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)


class Found(AssertionError):  # noqa: N818 (what the fuzzer says)
    """An input that something must not be done with."""


def fuzz(target: Target, inputs: int, seed: int = 0) -> Tried:
    """Try so many inputs. Raises Found with the one that fails, and how to run it again."""
    tried = Tried()
    begin = time.perf_counter()
    for number in range(seed, seed + inputs):
        data = target.make(random.Random(number))
        try:
            with warnings.catch_warnings(action="error"):  # one a request would fill a log
                tried.outcomes[target.run(data)] += 1
        except Exception as error:
            raise Found(f"{target.name}, seed {number}: {type(error).__name__}: {error}\n{data!r}") from error
        tried.inputs += 1
    tried.seconds = time.perf_counter() - begin
    return tried
