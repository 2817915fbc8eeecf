"""What a pipeline fails on, its contract refuses: values an encoder does not know, numbers a transform cannot take."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder

from slipway_cli.bundle import create
from slipway_contract import Input

ROWS = 60
TARGET = np.arange(ROWS) % 7
CITIES = [f"city{at % 30:02}" for at in range(ROWS)]
FRAME = pd.DataFrame(
    {
        "city": CITIES,
        "month": np.arange(ROWS) % 12 + 1,
        "rate": np.where(np.arange(ROWS) % 3, 0.5, 1.5),
        "income": np.linspace(0.3, 900, ROWS),
    }
)


def encoded(encoder: Any, columns: Any, rest: Any = "drop") -> Any:
    return make_pipeline(ColumnTransformer([("words", encoder, columns)], remainder=rest), LinearRegression())


LOW = FRAME["income"][1]


def rules(pipeline: Any, frame: pd.DataFrame, out: Path, **more: Any) -> dict[str, Input]:
    pipeline.fit(frame, TARGET[: len(frame)])
    manifest = create(pipeline, name="m", version="1", out=out, **({"data": frame} | more)).manifest
    return {entry.name: entry for entry in manifest.inputs}


@pytest.mark.parametrize(
    "pipeline",
    [
        encoded(OneHotEncoder(), ["city", "month", "rate"]),
        encoded(OrdinalEncoder(), [0, 1, 2]),
        encoded(OneHotEncoder(), slice(0, 3)),
        encoded(OneHotEncoder(), [True, True, True, False]),
        encoded(make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()), ["city", "month", "rate"]),
        GridSearchCV(encoded(OrdinalEncoder(), ["city", "month", "rate"]), {"linearregression__fit_intercept": [True]}, cv=2),
    ],
    ids=["names", "places", "slice", "mask", "imputed", "searched"],
)  # fmt: skip
def test_values_that_an_encoder_refuses_are_refused_by_the_contract(pipeline: Any, tmp_path: Path) -> None:
    entries = rules(pipeline, FRAME, tmp_path / "b")
    assert (str(entries["city"].type), entries["city"].values) == ("category", sorted(set(CITIES)))
    assert (str(entries["month"].type), entries["month"].values) == ("int", list(range(1, 13)))
    assert (str(entries["rate"].type), entries["rate"].values) == ("float", [0.5, 1.5])
    assert [entry.unknown for entry in entries.values()] == ["reject"] * 4
    assert entries["income"].values is None


def test_an_encoder_that_bears_what_it_does_not_know_closes_nothing(tmp_path: Path) -> None:
    entries = rules(
        encoded(OneHotEncoder(handle_unknown="ignore"), ["city", "month", "rate"]), FRAME, tmp_path / "b"
    )
    assert str(entries["city"].type) == "string"
    assert [entry.values for entry in entries.values()] == [None] * 4


def test_an_encoder_is_read_without_data_too(tmp_path: Path) -> None:
    entries = rules(encoded(OneHotEncoder(), ["city", "month"]), FRAME, tmp_path / "b", data=None)
    assert (str(entries["city"].type), len(entries["city"].values or ())) == ("category", 30)
    assert entries["month"].values == [float(month) for month in range(1, 13)]


def test_categories_keep_their_order_and_lose_what_the_encoder_has_not_seen(tmp_path: Path) -> None:
    cities = pd.Categorical(CITIES, categories=[*sorted(set(CITIES), reverse=True), "nowhere"])
    entry = rules(encoded(OneHotEncoder(), ["city"]), FRAME.assign(city=cities), tmp_path / "b")["city"]
    assert (entry.values, entry.dtype) == (sorted(set(CITIES), reverse=True), "category")


def below_a_hundred_thousand(frame: pd.DataFrame) -> pd.DataFrame:
    if (frame > 1e5).any(axis=None):
        raise ValueError("too much")
    return frame


def known_tenths(frame: pd.DataFrame) -> pd.DataFrame:
    if not np.isin(np.rint(frame * 10), np.rint(FRAME[["income"]] * 10)).all():
        raise ValueError("unknown")
    return frame


@pytest.mark.parametrize(
    ("step", "expected", "said"),
    [
        (
            np.log1p,
            (0.0, None, "reject"),
            "fails on numbers of 'income' below 0.0: the contract refuses them",
        ),
        (below_a_hundred_thousand, (None, 900 + 100 * (900 - LOW), "reject"), "above 893"),
        (np.sqrt, (0.0, None, "reject"), "below 0.0"),
        (known_tenths, (LOW, 900, "allow"), "on some numbers of 'income', inside its data's range as well"),
        (np.arctan, (LOW, 900, "allow"), ""),
    ],
)
def test_numbers_that_a_transform_cannot_take_are_refused(
    step: Any, expected: Any, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline = make_pipeline(FunctionTransformer(step), LinearRegression())
    entry = rules(pipeline, FRAME.loc[1:, ["income"]], tmp_path / "b")["income"]
    low, high, outside = expected
    assert (entry.minimum, entry.outside) == (low, outside)
    assert entry.maximum == (None if high is None else pytest.approx(high))
    err = capsys.readouterr().err
    assert said in err if said else err == ""
