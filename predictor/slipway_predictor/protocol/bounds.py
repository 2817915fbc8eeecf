"""What holds for the inputs of any request, whatever its model and its transport, so that few bytes never cost much work."""

import math
from collections.abc import Sequence

from slipway_predictor.protocol.errors import BadRequest
from slipway_predictor.protocol.messages import Tensor

MOST_INPUTS = 10_000
"""Input tensors of a request: a wider model takes its columns as one matrix."""
_SPAN = 2**48


def require_few(inputs: int) -> None:
    """Raise BadRequest for a request with more input tensors than any needs."""
    if inputs > MOST_INPUTS:
        raise BadRequest(
            f"the request holds {inputs} inputs, more than {MOST_INPUTS}: send all columns as one matrix [n, k]"
        )


def require_distinct(tensors: Sequence[Tensor]) -> None:
    """Raise BadRequest where two tensors have one name."""
    seen: set[str] = set()
    for tensor in tensors:
        if tensor.name in seen:
            raise BadRequest(f"input '{tensor.name}' is given twice")
        seen.add(tensor.name)


def require_span(shape: Sequence[int], where: str) -> None:
    """Raise BadRequest for a shape that holds no value, but whose other sizes no array can have: numpy counts those, too.

    Where no size is 0 the data would have to be as large, and are not.
    """
    if math.prod(size for size in shape if size) > _SPAN:
        raise BadRequest(
            f"{where}: shape {list(shape)} holds no value, and its other sizes are too large for any array"
        )
