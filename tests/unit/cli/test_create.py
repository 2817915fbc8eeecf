"""Making bundles: what the manifest says, that the same gives the same, and every refusal."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from slipway_cli.bundle import create
from slipway_contract import BundleError, verify
from slipway_predictor.bundle import prepare
from slipway_predictor.bundle.golden import read_golden, require_equal
from slipway_predictor.engines import ScikitEngine
from slipway_predictor.features import Intake

FRAME = pd.DataFrame(
    {
        "age": [20, 30, 60, 70],
        "plan": ["gold", "pro", "gold", "basic"],
        "active": [True, True, False, True],
        "spend": [1.5, np.nan, 3.5, 9.0],
    }
)
NUMBERS = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [5.0, 1.0, 0.0, 2.0]})
TARGET = np.array([0, 1, 0, 1])
ON_FRAME = LogisticRegression().fit(NUMBERS, TARGET)
WIDE = LogisticRegression().fit(pd.DataFrame(np.eye(2, 10_001)).rename(columns=str), [0, 1])
ON_MATRIX = LinearRegression().fit(NUMBERS.to_numpy(), TARGET)


def mixed() -> Any:
    columns = ColumnTransformer(
        [("plan", OneHotEncoder(), ["plan"]), ("numbers", StandardScaler(), ["age", "active"])]
    )
    return make_pipeline(columns, LogisticRegression()).fit(FRAME, TARGET)


def since(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.apply(lambda column: column.dt.dayofyear)


def dated() -> Any:
    frame = pd.DataFrame({"since": pd.date_range("2026-01-01", periods=4)})
    return make_pipeline(FunctionTransformer(since), LogisticRegression()).fit(frame, TARGET)


def made(pipeline: Any, out: Path, **more: Any) -> Any:
    return create(pipeline, **({"name": "churn", "version": "1", "out": out} | more))


def test_data_gives_names_types_and_typical_values(tmp_path: Path) -> None:
    manifest = made(mixed(), tmp_path / "b", data=FRAME).manifest
    assert [(entry.name, str(entry.type), entry.example) for entry in manifest.inputs] == [
        ("age", "int", 45),
        ("plan", "category", "gold"),
        ("active", "bool", True),
        ("spend", "float", 3.5),
    ]
    assert [(entry.name, str(entry.type), entry.columns) for entry in manifest.outputs] == [
        ("label", "int", None),
        ("probability", "float", 2),
    ]
    assert manifest.outputs[0].classes == [0, 1]
    assert set(manifest.libraries) == {"scikit-learn", "numpy", "joblib"}


def test_without_data_names_come_from_the_pipeline_and_without_those_a_matrix(tmp_path: Path) -> None:
    named = made(ON_FRAME, tmp_path / "a").manifest
    assert [(entry.name, entry.columns) for entry in named.inputs] == [("a", None), ("b", None)]
    told = made(mixed(), tmp_path / "c").manifest
    assert [(entry.name, str(entry.type), entry.example) for entry in told.inputs] == [
        ("age", "float", None),
        ("plan", "category", "basic"),
        ("active", "float", None),
        ("spend", "float", None),
    ]
    plain = made(ON_MATRIX, tmp_path / "b").manifest
    assert [(entry.name, entry.columns) for entry in plain.inputs] == [("input", 2)]


def test_data_names_the_columns_of_a_pipeline_without_names(tmp_path: Path) -> None:
    manifest = made(ON_MATRIX, tmp_path / "b", data=NUMBERS).manifest
    assert [(entry.name, entry.example) for entry in manifest.inputs] == [("a", 1.5), ("b", 1.5)]


def test_a_column_s_own_type_is_kept_for_a_pipeline_that_takes_a_frame(tmp_path: Path) -> None:
    frame = NUMBERS.astype("int8")
    for model, dtype in ((LinearRegression().fit(frame, TARGET), "int8"), (ON_MATRIX, None)):
        manifest = made(model, tmp_path / str(dtype), data=frame).manifest
        assert [entry.dtype for entry in manifest.inputs] == [dtype, dtype]


def test_columns_follow_the_pipeline_s_order(tmp_path: Path) -> None:
    manifest = made(ON_FRAME, tmp_path / "b", data=NUMBERS[["b", "a"]]).manifest
    assert [entry.name for entry in manifest.inputs] == ["a", "b"]


def test_categories_are_text_or_numbers(tmp_path: Path) -> None:
    frame = FRAME.assign(plan=FRAME["plan"].astype("category"), age=FRAME["age"].astype("category"))
    manifest = made(mixed(), tmp_path / "b", data=frame).manifest
    assert [str(entry.type) for entry in manifest.inputs] == ["int", "category", "bool", "float"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.5, 1.5, 1.5, 0.5], ("float", [0.5, 1.5], 0.5, "reject")),
        ([7, None, 3, 7], ("float", [3, 7], 7.0, "nan")),
        ([True, False, True, True], ("bool", [False, True], True, "reject")),
        ([True, None, True, True], ("float", None, 1.0, "nan")),
    ],
)
def test_categories_of_numbers_may_be_fractions_and_have_gaps(
    values: list[Any], expected: Any, tmp_path: Path
) -> None:
    frame = NUMBERS.assign(b=pd.Categorical(values))
    model = make_pipeline(SimpleImputer(), LogisticRegression()).fit(frame, TARGET)
    entry = made(model, tmp_path / "b", data=frame).manifest.inputs[1]
    assert (str(entry.type), entry.values, entry.example, entry.missing) == expected


def test_the_same_pipeline_file_gives_the_same_digest_in_another_process(tmp_path: Path) -> None:
    joblib.dump(ON_FRAME, tmp_path / "m.joblib")
    here = made(tmp_path / "m.joblib", tmp_path / "here")
    script = "import sys; from slipway_cli.bundle import create; print(create(sys.argv[1], name='churn', version='1', out=sys.argv[2]).digest)"
    arguments = [sys.executable, "-c", script, str(tmp_path / "m.joblib"), str(tmp_path / "there")]
    there = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout.strip()
    assert here.digest == there
    assert verify(here.root, there).read("model.joblib") == (tmp_path / "m.joblib").read_bytes()
    assert made(tmp_path / "m.joblib", tmp_path / "here") == here


def test_another_scikit_learn_is_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sklearn.base.__version__", "1.4.2")
    joblib.dump(ON_FRAME, tmp_path / "m.joblib")
    monkeypatch.undo()
    assert made(tmp_path / "m.joblib", tmp_path / "b").manifest.libraries["scikit-learn"] == "1.4.2"


@pytest.mark.parametrize(
    ("pipeline", "options", "sentence"),
    [
        ("missing.joblib", {}, "'.*missing.joblib' cannot be read: No such file"),
        ({"a": 1}, {}, r"holds a dict, which has no predict\(\)"),
        (StandardScaler().fit(NUMBERS), {}, r"StandardScaler, which has no predict\(\)"),
        (LinearRegression(), {"data": NUMBERS}, "is not fitted"),
        (LinearRegression(), {}, "does not say how many columns"),
        (ON_FRAME, {"data": NUMBERS[["a"]]}, "has no column 'b'"),
        (ON_FRAME, {"data": NUMBERS.assign(target=TARGET)}, "has column 'target'.*is it the target"),
        (ON_MATRIX, {"data": NUMBERS.assign(target=TARGET)}, "has 3 columns, the pipeline was fitted on 2"),
        (ON_FRAME, {"data": NUMBERS.iloc[:0]}, "holds no rows"),
        (ON_FRAME, {"data": NUMBERS.rename(columns={"b": "a"})}, "two columns of one name"),
        (ON_FRAME, {"data": NUMBERS.assign(b=pd.Timedelta(1, "D"))}, "'b' holds timedelta64"),
        (ON_FRAME, {"data": NUMBERS, "max_rows": 0}, "max_rows: Input should be greater than"),
        (ON_FRAME, {"data": NUMBERS.assign(b=[1, "x", 2, "y"])}, "'b' holds object values"),
        (ON_FRAME, {"data": NUMBERS.to_numpy()}, "the data is a ndarray: give a pandas DataFrame"),
        (ON_FRAME, {"data": NUMBERS.rename(columns={"b": ""})}, "a column without a name"),
        (LogisticRegression().fit(NUMBERS.rename(columns={"b": ""}), TARGET), {}, "a column without a name"),
        (ON_FRAME, {"data": NUMBERS.assign(b=np.uint64(2**63))}, "'b' holds whole numbers of 2.63 and more"),
        (ON_FRAME, {"data": NUMBERS.assign(b=[True, None, True, False])}, r"\(boolean\).*\.astype\(float\)"),
        (
            WIDE,
            {"data": pd.DataFrame(np.eye(2, 10_001, dtype=int), columns=WIDE.feature_names_in_)},
            "10001 inputs",
        ),
        (dated(), {}, "fails on a row of zeros.*give its training data with --data"),
        (
            make_pipeline(FunctionTransformer(np.log), ON_MATRIX),
            {"data": NUMBERS * -1},
            "fails on a typical row of its own data",
        ),
        (
            make_pipeline(FunctionTransformer(), ON_MATRIX),
            {},
            "how many columns",
        ),
        (ON_FRAME, {"name": "a/b"}, "name: String should match.*use letters"),
        (ON_FRAME, {"version": ""}, "version: String should match"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value encountered in log:RuntimeWarning")
def test_what_cannot_be_served_is_refused(
    pipeline: Any, options: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    if isinstance(pipeline, str):
        pipeline = tmp_path / pipeline
    with pytest.raises(BundleError, match=sentence) as caught:
        made(pipeline, tmp_path / "b", **options)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "b").exists()


def test_a_pipeline_that_cannot_be_pickled_is_refused(tmp_path: Path) -> None:
    pipeline = make_pipeline(FunctionTransformer(lambda x: x), ON_MATRIX)
    with pytest.raises(BundleError, match="cannot be pickled"):
        made(pipeline, tmp_path / "b")


MANY = pd.DataFrame(
    {
        "age": np.arange(20, 60),
        "plan": ["gold", "pro", "basic", "free"] * 10,
        "spend": [1.5, np.nan, 3.5, 9.0] * 10,
        "since": pd.date_range("2026-01-01", periods=40),
    }
)


def many(handle_unknown: str) -> Any:
    columns = ColumnTransformer(
        [
            ("plan", OneHotEncoder(handle_unknown=handle_unknown), ["plan"]),
            ("since", FunctionTransformer(since), ["since"]),
            ("numbers", SimpleImputer(), ["age", "spend"]),
        ]
    )
    return make_pipeline(columns, LogisticRegression(max_iter=5000)).fit(MANY, [0, 1] * 20)


@pytest.mark.parametrize(("handle_unknown", "unknown"), [("error", "reject"), ("ignore", "allow")])
def test_rules_come_from_the_data_and_from_what_the_pipeline_bears(
    handle_unknown: str, unknown: str, tmp_path: Path
) -> None:
    manifest = made(many(handle_unknown), tmp_path / "b", data=MANY).manifest
    age, plan, spend, since = manifest.inputs
    assert (age.minimum, age.maximum, age.outside) == (20, 59, "allow")
    assert (str(plan.type), plan.values, plan.unknown) == (
        "category",
        ["basic", "free", "gold", "pro"],
        unknown,
    )
    assert (spend.missing, str(since.type)) == ("nan", "timestamp")


def test_ranges_are_enforced_on_demand(tmp_path: Path) -> None:
    manifest = made(ON_FRAME, tmp_path / "b", data=NUMBERS, enforce_ranges=True, max_rows=7).manifest
    assert [(entry.minimum, entry.maximum, entry.outside) for entry in manifest.inputs] == [
        (0.0, 3.0, "reject"),
        (0.0, 5.0, "reject"),
    ]
    assert manifest.max_rows == 7


def test_golden_rows_are_answered_as_the_pipeline_answers_its_own_frame(tmp_path: Path) -> None:
    pipeline = many("ignore")
    bundle = made(pipeline, tmp_path / "b", data=MANY)
    intake = Intake(bundle.manifest.inputs, framed=True)
    golden = read_golden(bundle, intake)
    assert golden is not None
    places = np.unique(np.linspace(0, 39, 32).astype(int))
    assert np.array_equal(golden.outputs["probability"], pipeline.predict_proba(MANY.iloc[places]))
    require_equal(ScikitEngine(pipeline), golden, "")
    golden.outputs["label"][0] = 1 - golden.outputs["label"][0]
    with pytest.raises(
        BundleError, match="'s label for its golden rows is not what it was where the bundle was made; x"
    ):
        require_equal(ScikitEngine(pipeline), golden, "x")


@pytest.mark.parametrize(("max_rows", "kept"), [(1, 1), (7, 7), (None, 32)])
def test_no_more_golden_rows_are_kept_than_a_request_may_hold(
    max_rows: int | None, kept: int, tmp_path: Path
) -> None:
    bundle = made(many("ignore"), tmp_path / "b", data=MANY, max_rows=max_rows)
    golden = prepare(bundle, compiled=True).golden
    assert golden is not None
    assert len(golden.table) == kept


def test_rows_with_infinity_are_left_out_of_what_goes_through_json(tmp_path: Path) -> None:
    frame = NUMBERS.assign(b=[np.inf, 1.0, -np.inf, np.nan])
    model = HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=1).fit(frame, TARGET)
    bundle = made(model, tmp_path / "b", data=frame)
    assert (bundle.manifest.inputs[1].infinite, bundle.manifest.inputs[1].missing) == (True, "nan")
    golden = json.loads(bundle.read("golden.json"))
    assert golden["request"]["inputs"][0]["data"] == [1.0, 1.0, 3.0, None]
    with pytest.raises(BundleError, match=r"every row of the data holds infinity.*put a number or a missing"):
        made(model, tmp_path / "c", data=frame.iloc[[0, 2]])


def test_the_reference_holds_distributions_of_inputs_and_outputs(tmp_path: Path) -> None:
    bundle = made(many("ignore"), tmp_path / "b", data=MANY)
    reference = json.loads(bundle.read("reference.json"))
    assert reference["rows"] == 40
    age, plan, spend, since = (reference["inputs"][name] for name in MANY)
    assert (len(age["quantiles"]), age["quantiles"][0], age["quantiles"][-1]) == (21, 20, 59)
    assert plan["shares"] == {"basic": 0.25, "free": 0.25, "gold": 0.25, "pro": 0.25}
    assert spend["missing"] == 0.25
    assert since["first"] == "2026-01-01T00:00:00"
    assert set(reference["outputs"]["label"]["shares"]) == {"0", "1"}
    assert len(reference["outputs"]["probability"]["quantiles"]) == 2
