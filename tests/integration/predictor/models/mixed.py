"""A model over columns of every type, made into a bundle: `python mixed.py OUT`. Copes with numbers of any size."""

import sys

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

NAME = "mixed"


def month(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the months of a frame of times."""
    return frame.apply(lambda column: column.dt.month)


def rows(count: int) -> pd.DataFrame:
    """Return training rows."""
    rng = np.random.default_rng(3)
    spend = np.where(rng.random(count) < 0.2, np.nan, rng.gamma(2, 100, count))
    return pd.DataFrame(
        {
            "plan": rng.choice(["basic", "gold", "pro"], count),
            "age": rng.integers(18, 90, count),
            "active": rng.random(count) > 0.5,
            "spend": spend,
            # In microseconds, which have a place for every time that JSON Schema calls one.
            "since": np.datetime64("2024-01-01", "us") + rng.integers(0, 700, count).astype("timedelta64[D]"),
        }
    )


def pipeline(frame: pd.DataFrame) -> Pipeline:
    """Return the fitted pipeline."""
    columns = ColumnTransformer(
        [
            ("plan", OneHotEncoder(handle_unknown="ignore"), ["plan"]),
            ("numbers", SimpleImputer(), ["age", "spend"]),
            ("active", "passthrough", ["active"]),
            ("since", FunctionTransformer(month), ["since"]),
        ]
    )
    target = np.where(frame["age"] + frame["active"] * 30 > 60, "stay", "go")
    return make_pipeline(columns, HistGradientBoostingClassifier(max_iter=10)).fit(frame, target)


def main(out: str) -> None:
    """Make the bundle."""
    import mixed  # under the name by which the served process finds it

    from slipway_cli.bundle import create

    frame = mixed.rows(400)
    create(mixed.pipeline(frame), name=NAME, version="1", out=out, data=frame)


if __name__ == "__main__":
    main(sys.argv[1])
