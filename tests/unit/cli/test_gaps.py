"""Missing text reaches the pipeline as what it was fitted on, however the data has come: from memory, parquet, CSV."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, TargetEncoder

from slipway_cli.bundle import create
from slipway_cli.gaps import settled
from slipway_cli.rows import request_of
from slipway_predictor.protocol import v2_json
from slipway_predictor.serving.core import Identity
from slipway_predictor.serving.loading import load

ROWS = 120
PLACE = np.arange(ROWS)
TARGET = (PLACE % 4 == 0) | (PLACE % 4 == 3)


def frame(gap: Any) -> pd.DataFrame:
    city = pd.Series(["a", "a", "b", gap] * (ROWS // 4), dtype=object)
    street = pd.Series(np.where(PLACE % 5, "x", "y"), dtype=object).where(PLACE % 7 > 0, gap)
    return pd.DataFrame({"city": city, "street": street, "rooms": PLACE % 9 + 0.5})


def unfilled(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.fillna("none")


ENCODERS = {
    "ignoring": OneHotEncoder(handle_unknown="ignore"),
    "strict": OneHotEncoder(),
    "imputed": make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")),
    "target": TargetEncoder(cv=KFold(2)),
    "ordinal": OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2),
    "either": make_pipeline(FunctionTransformer(unfilled), OneHotEncoder(handle_unknown="ignore")),
}


def fitted(name: str, data: pd.DataFrame) -> Any:
    words = ColumnTransformer([("words", ENCODERS[name], ["city", "street"])], remainder="passthrough")
    return make_pipeline(words, LogisticRegression(max_iter=500)).fit(data, TARGET)


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("met", [None, np.nan], ids=["fitted on None", "fitted on NaN"])
@pytest.mark.parametrize("given", [None, np.nan], ids=["given None", "given NaN"])
def test_a_gap_is_what_the_pipeline_was_fitted_on(name: str, met: Any, given: Any) -> None:
    pipeline = fitted(name, frame(met))
    data = settled(pipeline, frame(given))
    assert np.array_equal(pipeline.predict_proba(data), pipeline.predict_proba(frame(met)))


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
@pytest.mark.parametrize("name", ["ignoring", "strict", "imputed", "target"])
def test_a_request_with_null_is_answered_as_the_training_row(name: str, suffix: str, tmp_path: Path) -> None:
    told, pipeline = frame(np.nan), fitted(name, frame(np.nan))
    if suffix == "parquet":
        told.to_parquet(tmp_path / "f.parquet")
        data = pd.read_parquet(tmp_path / "f.parquet")
        assert data["city"][3] is None
    else:
        told.to_csv(tmp_path / "f.csv", index=False)
        data = pd.read_csv(tmp_path / "f.csv")
    bundle = create(pipeline, name="m", version="1", out=tmp_path / "b", data=data)
    core = load(bundle, Identity("m", "1"), "auto").core
    answer = core.infer(v2_json.decode(orjson.dumps(request_of(bundle.manifest.inputs, told))))
    probability = next(output.array for output in answer.outputs if output.name == "probability")
    assert np.allclose(probability, pipeline.predict_proba(told), rtol=1e-12)


def test_a_model_of_several_labels_is_asked_too() -> None:
    words = ColumnTransformer([("words", ENCODERS["imputed"], ["city", "street"])], remainder="passthrough")
    forest = RandomForestClassifier(9, random_state=0)
    pipeline = make_pipeline(words, forest).fit(frame(np.nan), np.stack([TARGET, PLACE % 3], axis=1))
    assert settled(pipeline, frame(None)).equals(frame(np.nan))
    assert settled(pipeline, frame(None))["city"][3] is not None


def test_it_is_said_and_what_makes_no_difference_stays(capsys: pytest.CaptureFixture[str]) -> None:
    settled(fitted("imputed", frame(np.nan)), frame(None))
    assert capsys.readouterr().err.splitlines() == [
        f"note: what is missing in '{name}' was NaN when the pipeline was fitted, and becomes that again"
        for name in ("city", "street")
    ]
    data = frame(None)
    assert settled(fitted("either", frame(np.nan)), data) is data
    assert not capsys.readouterr().err
