"""What all sources of the user's share: filled-in variables, and the two ways not to give a number."""

import math
import re
from collections.abc import Mapping

from slipway_operator.api.sources import VARIABLES
from slipway_operator.calls.http import NoAnswerError

SECONDS = 5.0
"""How long a source may take; the ModelDeployment waits for it."""

_VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


class NoNumberError(Exception):
    """The source answers, and has nothing to say yet; the message says so."""


def fill(text: str, variables: Mapping[str, str]) -> str:
    """``text`` with its variables replaced. Raises NoAnswerError for one that does not exist."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in variables:
            known = ", ".join(VARIABLES)
            raise NoAnswerError(f"there is no variable {{{{{found[1]}}}}}; there are {known}")
        return variables[found[1]]

    return _VARIABLE.sub(value, text)


def finite(text: object) -> float:
    """The number. Raises NoNumberError for NaN and infinity, which divisions by zero give, NoAnswerError for no number."""
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise NoAnswerError(f"the answer is no number but {str(text)[:80]!r}")
    try:
        value = float(text)
    except (ValueError, OverflowError):
        raise NoAnswerError(f"the answer is no number but {str(text)[:80]!r}") from None
    if not math.isfinite(value):
        raise NoNumberError(f"the answer is {value}, as of a division by zero: no requests in that time?")
    return value
