"""The targets by name, and how many inputs of a long run each gets: the quick ones more."""

from collections.abc import Callable

from tests.fuzz.connection import Http
from tests.fuzz.targets import V1, V2, Contract, Grpc, Target

TARGETS: dict[str, tuple[Callable[[], Target], float]] = {
    "http": (Http, 0.35),
    "v2": (V2, 0.35),
    "grpc": (Grpc, 0.19),
    "v1": (V1, 0.1),
    "contract": (Contract, 0.01),
}
"""How to make each, and its share of the inputs (reading YAML takes milliseconds)."""


def target(name: str) -> Target:
    """Return a new target."""
    return TARGETS[name][0]()
