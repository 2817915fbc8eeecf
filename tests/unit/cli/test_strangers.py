"""Text that a pipeline fails on is refused by its contract, wherever in the pipeline what fails is."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from slipway_cli.bundle import create
from slipway_contract import Input

ROWS = 90
NAMES = [f"town{at % 30:02}" for at in range(ROWS)]
FRAME = pd.DataFrame({"town": NAMES, "rooms": np.arange(ROWS) % 7 + 0.5})
TARGET = np.arange(ROWS) % 2
KNOWN = sorted(set(NAMES))


def entry(pipeline: Any, out: Path, frame: pd.DataFrame = FRAME) -> Input:
    pipeline.fit(frame, TARGET)
    return create(pipeline, name="m", version="1", out=out, data=frame).manifest.inputs[0]


def strict() -> Any:
    return ColumnTransformer([("town", OneHotEncoder(), ["town"])], remainder="passthrough")


def within() -> Any:
    return make_pipeline(strict(), LogisticRegression())


def places(frame: pd.DataFrame) -> Any:
    return np.array([[KNOWN.index(name)] for name in frame["town"]])


def numbers(frame: pd.DataFrame) -> Any:
    return frame[["town"]].apply(lambda column: column.str[4:]).astype(int)


def lengths(frame: pd.DataFrame) -> Any:
    return np.array([[len(name)] for name in frame["town"]])


@pytest.mark.parametrize(
    "pipeline",
    [
        CalibratedClassifierCV(within(), cv=3),
        VotingClassifier([("one", within()), ("other", within())]),
        make_pipeline(FeatureUnion([("strict", strict()), ("lengths", FunctionTransformer(lengths))]), LogisticRegression()),
        CalibratedClassifierCV(make_pipeline(FunctionTransformer(places), LogisticRegression()), cv=3),
    ],
    ids=["calibrated", "voting", "union", "no encoder"],
)  # fmt: skip
def test_what_fails_on_unknown_text_takes_the_known_alone(pipeline: Any, tmp_path: Path) -> None:
    town = entry(pipeline, tmp_path / "b")
    assert (str(town.type), town.values, town.unknown) == ("category", KNOWN, "reject")


def test_it_is_said_where_no_encoder_says_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entry(make_pipeline(FunctionTransformer(places), LogisticRegression()), tmp_path / "b")
    assert (
        "'town' that the data does not have: the contract refuses all but its 30 values"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize("step", [numbers, lengths], ids=["of a form", "of any form"])
def test_text_that_need_not_be_known_stays_text(step: Any, tmp_path: Path) -> None:
    town = entry(make_pipeline(FunctionTransformer(step), LogisticRegression()), tmp_path / "b")
    assert (str(town.type), town.values) == ("string", None)


def test_a_category_that_is_missing_to_pandas_is_still_unknown_to_an_encoder(tmp_path: Path) -> None:
    gaps = FRAME.assign(town=FRAME["town"].where(FRAME["rooms"] > 1).astype("category"))
    town = entry(within(), tmp_path / "b", gaps)
    assert (town.dtype, town.missing, town.unknown) == ("category", "nan", "reject")
