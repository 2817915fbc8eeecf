"""A request and an answer of the protocol as plain data, whatever transport they came by or leave by."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(slots=True)
class Tensor:
    """A named tensor. `array` has the tensor's own shape and its datatype's numpy type; BYTES holds `str` objects.

    A missing value is NaN in a float tensor and None among BYTES; integers and booleans with missing values are held
    as float64.
    """

    name: str
    datatype: str
    array: NDArray[Any]

    @property
    def shape(self) -> list[int]:
        """The shape as the protocol writes it."""
        return list(self.array.shape)


@dataclass(slots=True)
class InferenceRequest:
    """What a client asks: input tensors with distinct names, and the outputs it wants (None: all)."""

    inputs: tuple[Tensor, ...]
    id: str | None = None
    outputs: tuple[str, ...] | None = None
    binary: bool = False
    """Whether outputs are wanted as binary data where `binary_of` does not say otherwise."""
    binary_of: dict[str, bool] | None = None
    """For outputs by name, whether they are wanted as binary data."""


@dataclass(slots=True)
class InferenceAnswer:
    """What a client gets."""

    id: str
    model_name: str
    model_version: str
    outputs: tuple[Tensor, ...]
    parameters: dict[str, str] = field(default_factory=dict)


def strings(values: list[Any]) -> NDArray[np.object_]:
    """Return `values` as a flat array of objects (numpy would otherwise make a fixed-width text type)."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array
