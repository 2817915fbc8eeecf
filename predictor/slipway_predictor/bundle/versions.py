"""Versions of what is installed here."""

from importlib.metadata import PackageNotFoundError, version

SCIKIT = "scikit-learn"


def installed(distribution: str) -> str:
    """Return the installed version of a distribution, or `not installed`."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"
