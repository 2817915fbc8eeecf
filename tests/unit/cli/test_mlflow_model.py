"""MLflow models: folders as MLflow 3.17 wrote them (tests/fixtures/mlflow holds its own MLmodel files) become bundles."""

import json
import shutil
from pathlib import Path
from typing import Any

import joblib
import lightgbm
import numpy as np
import onnx
import pandas as pd
import pytest
import skops.io
import xgboost
import yaml
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from slipway_cli.bundle import create
from slipway_contract import BundleError, Manifest

RECORDED = Path(__file__).parents[2] / "fixtures" / "mlflow"
FRAME = pd.DataFrame({"a": np.arange(20.0) ** 1.1, "b": np.arange(20), "c": np.arange(20) % 2 == 0})
TARGET = FRAME["a"] > 9


def folder(out: Path, recorded: str, **changes: Any) -> Path:
    """Make a folder with one of MLflow's own descriptions in it, some of its keys changed."""
    out.mkdir()
    about = yaml.safe_load((RECORDED / f"{recorded}.yaml").read_text()) | changes
    (out / "MLmodel").write_text(yaml.safe_dump(about))
    return out


def made(source: Path, out: Path, **more: Any) -> Manifest:
    return create(source, name="m", version="1", out=out, **more).manifest


@pytest.fixture
def columns(tmp_path: Path) -> Path:
    out = folder(tmp_path / "model", "columns")
    joblib.dump(make_pipeline(StandardScaler(), LogisticRegression()).fit(FRAME, TARGET), out / "model.pkl")
    shutil.copy(RECORDED / "input_example.json", out)
    return out


def test_the_signature_gives_names_and_types_and_the_example_golden_rows(
    columns: Path, tmp_path: Path
) -> None:
    manifest = made(columns, tmp_path / "b")
    assert [(entry.name, str(entry.type), entry.example) for entry in manifest.inputs] == [
        ("a", "float", 0.0),
        ("b", "int", 0),
        ("c", "bool", True),
    ]
    assert (manifest.format, manifest.artifact) == ("sklearn", "model.joblib")
    golden = json.loads((tmp_path / "b" / "golden.json").read_text())
    assert len(golden["outputs"]["label"]) == 3
    assert manifest.reference is None


def test_data_tells_more_than_the_signature(columns: Path, tmp_path: Path) -> None:
    manifest = made(columns, tmp_path / "b", data=FRAME)
    assert (manifest.inputs[0].minimum, manifest.inputs[1].maximum) == (0.0, 19)
    assert manifest.reference is not None


def test_a_tensor_is_a_matrix_and_skops_stays_skops(tmp_path: Path) -> None:
    source = folder(tmp_path / "model", "matrix")
    skops.io.dump(LogisticRegression().fit(FRAME[["a", "b"]].to_numpy(), TARGET), source / "model.skops")
    manifest = made(source, tmp_path / "b")
    assert [(entry.name, str(entry.type), entry.columns) for entry in manifest.inputs] == [
        ("input", "float", 2)
    ]
    assert (manifest.format, manifest.artifact, manifest.trusted) == ("skops", "model.skops", None)


def test_lightgbm_comes_with_the_types_it_was_saved_to_trust(tmp_path: Path) -> None:
    source = folder(tmp_path / "model", "lightgbm")
    model = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1, min_child_samples=2).fit(FRAME, TARGET)
    skops.io.dump(model, source / "model.skops")
    manifest = made(source, tmp_path / "b")
    assert manifest.trusted == [
        "collections.OrderedDict",
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMClassifier",
    ]
    assert manifest.libraries["lightgbm"] == lightgbm.__version__


def test_xgboost_s_own_file_becomes_an_estimator(tmp_path: Path) -> None:
    source = folder(tmp_path / "model", "xgboost")
    model = xgboost.XGBClassifier(n_estimators=3).fit(FRAME, TARGET)
    model.save_model(source / "model.ubj")
    manifest = made(source, tmp_path / "b")
    assert [output.name for output in manifest.outputs] == ["label", "probability"]
    again = joblib.load(tmp_path / "b" / "model.joblib")
    assert np.array_equal(again.predict_proba(FRAME), model.predict_proba(FRAME))


def test_onnx(tmp_path: Path) -> None:
    rows = FRAME[["a", "b"]].to_numpy(np.float32)
    source = folder(
        tmp_path / "model", "matrix", flavors={"onnx": {"data": "model.onnx", "onnx_version": "1"}}
    )
    onnx.save(to_onnx(LogisticRegression().fit(rows, TARGET.astype(int)), rows[:1]), source / "model.onnx")
    manifest = made(source, tmp_path / "b")
    assert (manifest.format, manifest.inputs[0].columns) == ("onnx", 2)


def test_what_may_be_missing_may_be_missing(columns: Path, tmp_path: Path) -> None:
    signature = [
        {"type": "long", "name": "b", "required": False},
        {"type": "double", "name": "a", "required": False},
        {"type": "boolean", "name": "c"},
    ]
    (columns / "MLmodel").unlink()
    columns.rename(tmp_path / "old")
    source = folder(tmp_path / "model", "columns", signature={"inputs": json.dumps(signature)})
    shutil.copy(tmp_path / "old" / "model.pkl", source)
    inputs = made(source, tmp_path / "b").inputs
    assert [(entry.name, str(entry.type), entry.required, entry.missing) for entry in inputs] == [
        ("a", "float", False, "nan"),
        ("b", "float", False, "nan"),
        ("c", "bool", True, "reject"),
    ]


def test_without_a_signature_the_model_itself_is_asked(columns: Path, tmp_path: Path) -> None:
    source = folder(tmp_path / "other", "columns", signature=None, saved_input_example_info=None)
    shutil.copy(columns / "model.pkl", source)
    assert [entry.name for entry in made(source, tmp_path / "b").inputs] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"flavors": {"keras": {}, "python_function": {}}},
            "an MLflow model of keras, python_function: only sklearn",
        ),
        ({"flavors": None}, "an MLflow model of no flavor"),
        (
            {"flavors": {"sklearn": {"pickled_model": "model.pkl", "code": "code"}}},
            r"saved with code_paths \('code'\).*--code",
        ),
        ({"flavors": {"sklearn": {"pickled_model": "none.pkl"}}}, "none.pkl' cannot be read: No such file"),
        (
            {"flavors": {"xgboost": {"data": "model.xgb", "model_class": "xgboost.core.Booster"}}},
            "model.xgb' cannot be read|holds xgboost.core.Booster",
        ),
        ({"signature": {"inputs": "no json"}}, "signature of .* cannot be taken.*--data"),
        (
            {"signature": {"inputs": '[{"type": "binary", "name": "a"}]'}},
            "column 'a' holds binary, which the protocol has no type for",
        ),
        (
            {
                "signature": {
                    "inputs": '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2, 2]}}]'
                }
            },
            "is not rows of so many columns",
        ),
        (
            {"signature": {"inputs": '[{"type": "double", "name": "x"}]'}},
            "signature names 'x', the pipeline was fitted on 'a', 'b', 'c'",
        ),
    ],
)
def test_what_cannot_be_taken_is_refused(changes: Any, sentence: str, columns: Path, tmp_path: Path) -> None:
    source = folder(tmp_path / "other", "columns", **changes)
    for file in ("model.pkl", "input_example.json"):
        shutil.copy(columns / file, source)
    with pytest.raises(BundleError, match=sentence) as caught:
        made(source, tmp_path / "b")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "a folder without a file MLmodel"),
        ("a: [", "cannot be read"),
        ("[]", "is not what MLflow writes"),
    ],
)
def test_a_folder_that_is_no_mlflow_model(text: str | None, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    if text is not None:
        (tmp_path / "d" / "MLmodel").write_text(text)
    with pytest.raises(BundleError, match=sentence):
        made(tmp_path / "d", tmp_path / "b")
