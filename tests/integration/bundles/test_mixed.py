"""Frames of every type, with gaps, categories, times and text: sent by a client as they are in the frame."""

from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
    TargetEncoder,
)

from slipway_predictor.protocol import BadRequest

from .conftest import Serve, same

RNG = np.random.default_rng(11)
ROWS = 240
PEOPLE = pd.DataFrame(
    {
        "age": RNG.integers(18, 90, ROWS),
        "spend": np.where(RNG.random(ROWS) < 0.2, np.nan, np.round(RNG.gamma(2.0, 30.0, ROWS), 2)),
        "plan": RNG.choice(["basic", "gold", "pro"], ROWS),
        "region": np.where(RNG.random(ROWS) < 0.1, None, RNG.choice(["north", "south", "süd-ost"], ROWS)),
        "active": RNG.random(ROWS) > 0.4,
        "since": pd.to_datetime("2024-01-01") + pd.to_timedelta(RNG.integers(0, 700, ROWS), unit="D"),
        "note": RNG.choice(["good service", "slow, bad service", "good price", "bad"], ROWS),
    }
)
STAYS = np.where(PEOPLE["age"] + PEOPLE["spend"].fillna(60) > 115, "stays", "goes")
TRAIN, REST = slice(0, 180), slice(180, ROWS)


def days(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.apply(lambda column: (column - pd.Timestamp("2024-01-01")).dt.days)


def columns(*, encoder: Any, numbers: Any) -> ColumnTransformer:
    return ColumnTransformer(
        [
            (
                "words",
                make_pipeline(SimpleImputer(strategy="constant", fill_value="?"), encoder),
                ["plan", "region"],
            ),
            ("numbers", numbers, ["age", "spend"]),
            ("flag", "passthrough", ["active"]),
            ("since", FunctionTransformer(days), ["since"]),
            ("note", TfidfVectorizer(), "note"),
        ]
    )


PIPELINES: dict[str, Any] = {
    "one hot, imputed, scaled": make_pipeline(
        columns(
            encoder=OneHotEncoder(handle_unknown="ignore"),
            numbers=make_pipeline(SimpleImputer(), StandardScaler()),
        ),
        LogisticRegression(max_iter=5000),
    ),
    "ordinal, neighbours, forest": make_pipeline(
        columns(
            encoder=OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
            numbers=KNNImputer(add_indicator=True),
        ),
        RandomForestClassifier(15, random_state=0),
    ),
    "rare ones together, lightgbm": make_pipeline(
        columns(
            encoder=OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist"),
            numbers="passthrough",
        ),
        lightgbm.LGBMClassifier(n_estimators=8, verbose=-1),
    ),
}


@pytest.mark.parametrize("name", PIPELINES)
@pytest.mark.filterwarnings("ignore:X does not have valid feature names:UserWarning")
def test_a_frame_of_every_type(name: str, serve: Serve) -> None:
    pipeline = PIPELINES[name].fit(PEOPLE[TRAIN], STAYS[TRAIN])
    served = serve(pipeline, data=PEOPLE[TRAIN])
    kinds = {entry.name: str(entry.type) for entry in served.bundle.manifest.inputs}
    assert kinds == {
        "age": "int",
        "spend": "float",
        "plan": "category",
        "region": "category",
        "active": "bool",
        "since": "timestamp",
        "note": "category",
    }
    answers = served.infer(PEOPLE[REST])
    same(pipeline.predict(PEOPLE[REST]), answers["label"])
    same(pipeline.predict_proba(PEOPLE[REST]), answers["probability"])


def test_an_unknown_category_goes_where_the_encoder_sends_it_or_is_refused(serve: Serve) -> None:
    stranger = PEOPLE[REST].head(3).assign(plan="platinum")
    bearing = PIPELINES["one hot, imputed, scaled"].fit(PEOPLE[TRAIN], STAYS[TRAIN])
    same(bearing.predict(stranger), serve(bearing, data=PEOPLE[TRAIN]).infer(stranger)["label"])
    strict = columns(encoder=OneHotEncoder(), numbers=SimpleImputer())
    refusing = make_pipeline(strict, LogisticRegression(max_iter=5000)).fit(PEOPLE[TRAIN], STAYS[TRAIN])
    with pytest.raises(BadRequest, match=r"input 'plan', row 0: platinum must be one of basic, gold, pro"):
        serve(refusing, data=PEOPLE[TRAIN]).infer(stranger)


def test_a_gap_where_there_was_none_is_refused_and_named(serve: Serve) -> None:
    pipeline = PIPELINES["one hot, imputed, scaled"].fit(PEOPLE[TRAIN], STAYS[TRAIN])
    served = serve(pipeline, data=PEOPLE[TRAIN])
    with pytest.raises(BadRequest, match="input 'plan', row 1: null is missing"):
        served.infer(PEOPLE[REST].head(3).assign(plan=["gold", None, "pro"]))


@pytest.mark.parametrize("missing", [True, False])
def test_histograms_with_holes_and_category_columns(missing: bool, serve: Serve) -> None:
    frame = PEOPLE[["age", "spend", "plan"]].astype({"plan": "category"})
    if not missing:
        frame = frame.fillna({"spend": 0.0})
    model = HistGradientBoostingClassifier(max_iter=10, categorical_features="from_dtype")
    model.fit(frame[TRAIN], STAYS[TRAIN])
    served = serve(model, data=frame[TRAIN])
    answers = served.infer(frame[REST])
    same(model.predict(frame[REST]), answers["label"])
    same(model.predict_proba(frame[REST]), answers["probability"])


def test_histograms_with_holes_in_a_matrix(serve: Serve) -> None:
    holes = np.where(RNG.random((ROWS, 3)) < 0.3, np.nan, RNG.normal(size=(ROWS, 3)))
    model = HistGradientBoostingClassifier(max_iter=15).fit(holes[TRAIN], STAYS[TRAIN])
    for served in (serve(model), serve(model, data=pd.DataFrame(holes[TRAIN], columns=list("abc")))):
        assert served.engine.startswith("trees")
        same(model.predict_proba(holes[REST]), served.infer_matrix(holes[REST])["probability"])


@pytest.mark.parametrize("library", [xgboost.XGBClassifier, lightgbm.LGBMClassifier])
def test_boosting_with_category_columns(library: Any, serve: Serve) -> None:
    frame = PEOPLE[["age", "spend", "plan", "active"]].astype({"plan": "category"})
    options = {"enable_categorical": True} if library is xgboost.XGBClassifier else {"verbose": -1}
    model = library(n_estimators=8, **options).fit(frame[TRAIN], (STAYS == "stays")[TRAIN].astype(int))
    served = serve(model, data=frame[TRAIN])
    answers = served.infer(frame[REST])
    same(model.predict(frame[REST]), answers["label"])
    same(model.predict_proba(frame[REST]), answers["probability"], 2e-6)


@pytest.mark.parametrize(
    "pipeline",
    [
        make_pipeline(TfidfVectorizer(), LogisticRegression()),
        Pipeline([("count", CountVectorizer()), ("tf", TfidfTransformer()), ("nb", MultinomialNB())]),
        make_pipeline(HashingVectorizer(n_features=64), SGDClassifier(random_state=0)),
        make_pipeline(make_union(TfidfVectorizer(), CountVectorizer(analyzer="char")), LogisticRegression()),
    ],
    ids=["tfidf", "counts", "hashes", "union"],
)
def test_documents(pipeline: Any, serve: Serve) -> None:
    notes = PEOPLE["note"]
    pipeline.fit(notes[TRAIN], STAYS[TRAIN])
    for served in (serve(pipeline, data=notes[TRAIN].to_frame()), serve(pipeline)):
        name = served.bundle.manifest.inputs[0].name
        answers = served.infer(pd.DataFrame({name: notes[REST]}))
        same(pipeline.predict(notes[REST]), answers["label"])
        if "probability" in answers:
            same(pipeline.predict_proba(notes[REST]), answers["probability"])
        unheard = served.infer(pd.DataFrame({name: ["never seen words", "bad"]}))
        same(pipeline.predict(["never seen words", "bad"]), unheard["label"])


def test_columns_chosen_by_type_and_target_encoding(serve: Serve) -> None:
    frame = PEOPLE[["age", "plan", "active"]]
    transformer = ColumnTransformer(
        [
            ("text", TargetEncoder(), make_column_selector(dtype_exclude=[np.number, bool])),
            ("numbers", StandardScaler(), make_column_selector(dtype_include=np.number)),
        ],
        remainder="passthrough",
    )
    model = make_pipeline(transformer, LogisticRegression()).fit(frame[TRAIN], STAYS[TRAIN])
    answers = serve(model, data=frame[TRAIN]).infer(frame[REST])
    same(model.predict_proba(frame[REST]), answers["probability"])


def test_whole_numbers_with_gaps(serve: Serve) -> None:
    """A nullable integer column has gaps, so that the pipeline saw floats: a client may send it either way."""
    frame = pd.DataFrame({"a": pd.array([1, None, 3, 4] * 60, dtype="Int64"), "b": np.arange(240.0)})
    model = make_pipeline(SimpleImputer(), LogisticRegression()).fit(frame, STAYS)
    served = serve(model, data=frame)
    same(model.predict_proba(frame), served.infer(frame.astype({"a": float}))["probability"])
