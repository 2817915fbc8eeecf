"""Reading a training frame from a file."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from slipway_contract import BundleError

if TYPE_CHECKING:
    import pandas as pd

KEEPS_NO_TYPES = ".csv"
_LARGE = 50 * 2**20  # bytes; reading more than this may take seconds, so it is announced


def read_frame(path: Path) -> "pd.DataFrame":
    """Return the frame in a .parquet or .csv file. Raises BundleError."""
    import pandas as pd

    readers: dict[str, Callable[[Path], pd.DataFrame]] = {
        ".parquet": pd.read_parquet,
        KEEPS_NO_TYPES: pd.read_csv,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise BundleError(f"'{path}' is neither .parquet nor .csv: save the training data as one of them")
    try:
        if (size := path.stat().st_size) > _LARGE:
            print(f"reading {path} ({size / 2**20:.0f} MiB)", file=sys.stderr, flush=True)
        return reader(path)
    except OSError as error:
        raise BundleError(f"the data '{path}' cannot be read: {error.strerror or error}") from None
    except Exception as error:
        raise BundleError(f"the data '{path}' is no readable {path.suffix[1:]} file: {error}") from None
