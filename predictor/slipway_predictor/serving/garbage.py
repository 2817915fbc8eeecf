"""Python's garbage collector, kept from looking at what stays: modules and the model, a million objects that hold still.

A full collection would stop everybody for a tenth of a second to find nothing there. What a request makes goes without
the collector, so that it need not look either at the requests under way or at the answers that are remembered.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG = 20_000
"""How many containers more than have gone may have come before the collector looks at those. Python's own 700 are what a
hundred requests under way hold: it would look at them again and again."""


@contextmanager
def kept() -> Iterator[None]:
    """Collect nothing meanwhile, never look again at what is there in the end, and seldom at what comes."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(YOUNG)
        gc.enable()
