"""Python's garbage collector, kept from looking at what stays: modules and the model, a million objects that hold still.

A full collection would stop everybody for a tenth of a second to find nothing there.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept() -> Iterator[None]:
    """Collect nothing meanwhile, and never look again at what is there in the end."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
