"""A bundle answers requests as its model answers the data's own rows, or it is refused and says which column is to blame."""

from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import orjson
import pandas as pd
import pytest
import xgboost
from sklearn.cluster import KMeans
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from slipway_cli.bundle import create
from slipway_cli.rows import request_of
from slipway_contract import Bundle, BundleError
from slipway_predictor.protocol import v2_json
from slipway_predictor.serving.core import Identity
from slipway_predictor.serving.loading import load

RNG = np.random.default_rng(3)
ROWS = 60
TARGET = np.arange(ROWS) % 3
NUMBERS = pd.DataFrame({"a": RNG.normal(size=ROWS), "b": RNG.normal(size=ROWS)})
COLOUR = pd.Categorical(
    np.array(["red", "blue", "green"])[TARGET], categories=["red", "green", "blue", "grey"]
)
WORDS = NUMBERS.assign(colour=COLOUR)


def as_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype("int64")


def hours(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.apply(lambda column: column.dt.hour)


def codes(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(colour=frame["colour"].cat.codes)


def below_blue(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(colour=frame["colour"] < "blue")


def doubled(frame: pd.DataFrame) -> pd.DataFrame:
    return frame * 2


def times_their_bytes(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.apply(lambda column: column * column.dtype.itemsize)


def text_of(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.apply(lambda column: column.astype(str).str.len())


def with_place(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(b=frame.index)


def regression(step: Any) -> Any:
    return make_pipeline(FunctionTransformer(step), LinearRegression())


TIMES = pd.DataFrame({"since": pd.Timestamp("2024-01-01") + pd.to_timedelta(TARGET, unit="D")})
LOCAL = TIMES.apply(lambda column: column.dt.tz_localize("UTC").dt.tz_convert("America/New_York"))
BYTES = pd.DataFrame({"a": RNG.integers(0, 127, ROWS), "b": RNG.integers(0, 127, ROWS)}).astype("int8")
KEPT: dict[str, Any] = {
    "nanoseconds": (regression(as_numbers), TIMES.astype("datetime64[ns]")),
    "a zone": (regression(hours), LOCAL),
    "seconds": (regression(as_numbers), TIMES.astype("datetime64[s]")),
    "codes": (regression(codes), WORDS),
    "ordered": (regression(below_blue), WORDS.assign(colour=COLOUR.as_ordered())),
    "int8 that overflows": (regression(doubled), BYTES),
    "uint8 that overflows": (regression(doubled), BYTES.astype("uint8") * 2),
    "bytes of float32": (regression(times_their_bytes), NUMBERS.astype("float32")),
    "lightgbm in a pipeline": (
        make_pipeline(
            "passthrough", lightgbm.LGBMClassifier(n_estimators=3, min_child_samples=2, verbose=-1)
        ),
        WORDS,
    ),
    "lightgbm in a search": (
        GridSearchCV(
            lightgbm.LGBMClassifier(n_estimators=3, min_child_samples=2, verbose=-1), {"max_depth": [2]}, cv=2
        ),
        WORDS,
    ),
    "xgboost in a pipeline": (
        make_pipeline(FunctionTransformer(), xgboost.XGBClassifier(n_estimators=3, enable_categorical=True)),
        WORDS,
    ),
}


def answers(bundle: Bundle, rows: pd.DataFrame) -> dict[str, Any]:
    core = load(bundle, Identity("m", "1"), "auto").core
    answer = core.infer(v2_json.decode(orjson.dumps(request_of(bundle.manifest.inputs, rows))))
    return {output.name: output.array for output in answer.outputs}


@pytest.mark.parametrize("name", KEPT)
def test_a_column_s_type_is_kept_where_the_pipeline_goes_by_it(name: str, tmp_path: Path) -> None:
    pipeline, frame = KEPT[name]
    pipeline.fit(frame, TARGET)
    bundle = create(pipeline, name="m", version="1", out=tmp_path / "b", data=frame)
    assert any(entry.dtype for entry in bundle.manifest.inputs)
    for rows in (frame, frame.iloc[[2]]):
        got = answers(bundle, rows)
        expected = pipeline.predict(rows)
        np.testing.assert_allclose(got.get("value", got.get("label")), expected, rtol=1e-9)


def test_a_narrow_float_that_no_answer_depends_on_keeps_the_quick_way(tmp_path: Path) -> None:
    frame = NUMBERS.astype("float32")
    model = LogisticRegression().fit(frame, TARGET)
    manifest = create(model, name="m", version="1", out=tmp_path / "b", data=frame).manifest
    assert [entry.dtype for entry in manifest.inputs] == [None, None]
    assert manifest.engine is not None


@pytest.mark.parametrize(
    ("step", "frame", "sentence"),
    [
        (
            text_of,
            pd.DataFrame({"n": pd.array([1, 22, None] * 20, dtype="Int64"), "b": NUMBERS["b"]}),
            "column 'n' is Int64, and arrives as float64. Turn the data into what arrives",
        ),
        (with_place, NUMBERS, "no column's type is lost on the way, so it uses something else"),
    ],
)
def test_an_answer_that_would_be_another_one_is_refused(
    step: Any, frame: pd.DataFrame, sentence: str, tmp_path: Path
) -> None:
    pipeline = regression(step).fit(frame, TARGET)
    with pytest.raises(
        BundleError, match=r"otherwise than the data's own row \(its value differs\): " + sentence
    ):
        create(pipeline, name="m", version="1", out=tmp_path / "b", data=frame)
    assert not (tmp_path / "b").exists()


def scaled_together(frame: pd.DataFrame) -> pd.DataFrame:
    return frame - frame.mean()


def test_an_answer_that_depends_on_the_rows_beside_it_is_refused(tmp_path: Path) -> None:
    pipeline = regression(scaled_together).fit(NUMBERS, TARGET)
    with pytest.raises(BundleError, match="value of a row depends on the rows beside it"):
        create(pipeline, name="m", version="1", out=tmp_path / "b", data=NUMBERS)


def test_what_takes_narrow_floats_alone_gets_them(tmp_path: Path) -> None:
    frame = NUMBERS.astype("float32")
    bundle = create(KMeans(3, n_init=1).fit(frame), name="m", version="1", out=tmp_path / "b", data=frame)
    assert [entry.dtype for entry in bundle.manifest.inputs] == ["float32", "float32"]


def test_data_that_the_pipeline_does_not_take_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = xgboost.XGBClassifier(n_estimators=3, enable_categorical=True).fit(WORDS, TARGET)
    as_text = WORDS.astype({"colour": str})  # as a CSV file gives it
    create(model, name="m", version="1", out=tmp_path / "b", data=as_text)
    assert "note: the pipeline does not take the data as it is (ValueError" in capsys.readouterr().err
