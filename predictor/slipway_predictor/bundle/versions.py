"""Versions of what is installed here, and what they mean for an artifact that was made elsewhere."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

SCIKIT = "scikit-learn"
DECISIVE = (SCIKIT, "xgboost", "lightgbm")
"""Libraries another version of which may load an artifact and answer otherwise."""

_OTHER_NAMES = {"xgboost": ("xgboost-cpu",)}  # distributions of the same library


def installed(distribution: str) -> str:
    """Return the installed version of a distribution, or `not installed`."""
    for name in (distribution, *_OTHER_NAMES.get(distribution, ())):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "not installed"


class Other(NamedTuple):
    """A decisive library that is here in another version than the artifact was made with."""

    library: str
    made: str
    here: str

    def __str__(self) -> str:
        return f"made with {self.library} {self.made}, here is {self.here}"


def others(libraries: Mapping[str, str]) -> list[Other]:
    """Return the decisive ones among `libraries` (name to version) whose version here differs."""
    return [
        Other(name, libraries[name], here)
        for name in DECISIVE
        if name in libraries and (here := installed(name)) != libraries[name]
    ]
