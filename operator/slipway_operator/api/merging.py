"""One block of JSON laid over another: a template over defaults, a ModelDeployment's rollout over its policy's."""

from typing import Any


def merged(base: Any, over: Any) -> Any:
    """``over`` over ``base``: objects key by key, everything else replaced whole."""
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    return base | {key: merged(base[key], value) if key in base else value for key, value in over.items()}
