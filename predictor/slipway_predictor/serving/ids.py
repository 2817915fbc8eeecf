"""Ids for requests that come without one: unlike any other process's, and far cheaper than a UUID."""

import itertools
import secrets

_PREFIX = secrets.token_hex(6)
_numbers = itertools.count(1)


def new_id() -> str:
    """Return an id that no other request has."""
    return f"{_PREFIX}-{next(_numbers):x}"
