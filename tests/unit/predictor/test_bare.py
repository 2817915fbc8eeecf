"""A model file without a bundle: what contract is made of it, and when it is not even loaded."""

import hashlib
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder

from slipway_contract import BundleError, Manifest, verify
from slipway_predictor.bare import as_bundle, model_file, wrap
from slipway_predictor.errors import CannotServe
from slipway_predictor.settings import Settings, parse

FRAME = pd.DataFrame({"age": [20.0, 30.0, 60.0, 70.0], "plan": ["gold", "pro", "gold", "basic"]})
TARGET = [0, 1, 0, 1]
DOCUMENTS = make_pipeline(TfidfVectorizer(), LogisticRegression())
LINEAR = LinearRegression().fit(FRAME[["age"]], TARGET)
POD = {"KUBERNETES_SERVICE_HOST": "10.96.0.1"}


def settings(path: Path, *arguments: str, **environment: str) -> Settings:
    return parse(["serve", str(path), *arguments], environment)


def saved(path: Path, model: Any) -> Path:
    if path.suffix == ".skops":
        skops.io.dump(model, path)
    else:
        joblib.dump(model, path)
    return path


def wrapped(folder: Path, model: Any, name: str = "churn.joblib") -> Manifest:
    path = saved(folder / name, model)
    bundle = wrap(path, folder / "bundle", settings(path))
    assert verify(bundle.root).digest == bundle.digest
    return bundle.manifest


def mixed(encoder: Any) -> Any:
    columns = ColumnTransformer([("plan", encoder, ["plan"])], remainder="passthrough")
    return make_pipeline(columns, LogisticRegression()).fit(FRAME, TARGET)


def test_names_come_from_the_model_and_its_file(tmp_path: Path) -> None:
    manifest = wrapped(tmp_path, LINEAR, "churn model (2).joblib")
    assert (manifest.name, manifest.version) == ("churn-model-2", "0")
    assert [(entry.name, str(entry.type), entry.missing) for entry in manifest.inputs] == [
        ("age", "float", "reject")
    ]
    assert [output.name for output in manifest.outputs] == ["value"]


@pytest.mark.parametrize(
    "encoder", [OneHotEncoder(), make_pipeline(OrdinalEncoder())], ids=["encoder", "pipeline"]
)
def test_a_column_whose_encoder_learnt_text_is_text(encoder: Any, tmp_path: Path) -> None:
    manifest = wrapped(tmp_path, mixed(encoder))
    assert [(entry.name, str(entry.type), entry.example) for entry in manifest.inputs] == [
        ("age", "float", None),
        ("plan", "string", "basic"),
    ]


@pytest.mark.parametrize(
    "model",
    [DOCUMENTS, CalibratedClassifierCV(DOCUMENTS, cv=2), OneVsRestClassifier(DOCUMENTS)],
    ids=["alone", "calibrated", "one against the rest"],
)
def test_documents_are_one_text(model: Any, tmp_path: Path) -> None:
    manifest = wrapped(tmp_path, model.fit(FRAME["plan"], TARGET))
    assert [(entry.name, str(entry.type), entry.columns) for entry in manifest.inputs] == [
        ("text", "string", None)
    ]


def test_a_model_that_bears_gaps_may_be_sent_them(tmp_path: Path) -> None:
    model = HistGradientBoostingClassifier(max_iter=2).fit(FRAME[["age"]].to_numpy(), TARGET)
    assert wrapped(tmp_path, model).inputs[0].missing == "nan"


def test_gaps_may_be_sent_where_the_model_bears_them_and_nowhere_else(tmp_path: Path) -> None:
    columns = ColumnTransformer([("age", SimpleImputer(), ["age"])], remainder="passthrough")
    model = make_pipeline(columns, LogisticRegression()).fit(FRAME[["age"]].assign(more=FRAME["age"]), TARGET)
    assert [entry.missing for entry in wrapped(tmp_path, model).inputs] == ["nan", "reject"]


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ({"a": 1}, r"has no predict\(\)"),
        (make_pipeline(FunctionTransformer(), LINEAR), "does not say how many columns"),
        (LinearRegression(), "does not say how many columns"),
    ],
)
def test_what_no_contract_can_be_made_for_says_so(model: Any, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=sentence):
        wrapped(tmp_path, model)


def test_a_bundle_s_folder_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text("")
    saved(tmp_path / "model.joblib", LINEAR)
    given = settings(tmp_path)
    with as_bundle(given) as same:
        assert same is given


def test_a_folder_of_one_model_is_that_model(tmp_path: Path) -> None:
    assert model_file(tmp_path) is None
    path = saved(tmp_path / "model.pkl", LINEAR)
    (tmp_path / "README.md").write_text("")
    assert model_file(tmp_path) == path
    saved(tmp_path / "other.joblib", LINEAR)
    assert model_file(tmp_path) is None
    assert model_file(tmp_path / "missing") is None


def test_the_settings_name_the_bundle_instead(tmp_path: Path) -> None:
    path = saved(tmp_path / "churn.joblib", LINEAR)
    with as_bundle(settings(path, "--http-port", "1")) as bundled:
        assert bundled.folder != path
        assert bundled.http_port == 1
        verify(bundled.folder, bundled.digest)
    assert not bundled.folder.exists()


class Trap:
    """Says so when it is unpickled."""

    def __reduce__(self) -> Any:
        return (pytest.fail, ("it was loaded",))


def test_a_pickle_in_a_cluster_is_not_even_loaded_without_a_digest(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.joblib", Trap())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(CannotServe, match=f"runs code when it is loaded.*sha256:{digest}"):
        wrap(path, tmp_path / "b", settings(path, **POD))
    with pytest.raises(BundleError, match="is not the file that was asked for"):
        wrap(path, tmp_path / "b", settings(path, "--digest", "sha256:" + "0" * 64))


@pytest.mark.parametrize("way", ["digest", "allowed"])
def test_the_file_s_own_digest_lets_it_in_and_so_does_permission(way: str, tmp_path: Path) -> None:
    path = saved(tmp_path / "m.joblib", LINEAR)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    arguments = ["--digest", f"sha256:{digest}"] if way == "digest" else ["--allow-unverified"]
    assert wrap(path, tmp_path / "b", settings(path, *arguments, **POD)).manifest.name == "m"


def test_a_harmless_skops_file_needs_no_trust_but_one_with_other_types_does(tmp_path: Path) -> None:
    harmless = saved(tmp_path / "a.skops", LINEAR)
    assert not wrap(harmless, tmp_path / "a", settings(harmless, **POD)).manifest.runs_code
    forest = RandomForestClassifier(2).fit(np.eye(4), TARGET)
    other = saved(tmp_path / "b.skops", forest)
    with pytest.raises(CannotServe, match="no digest was given"):
        wrap(other, tmp_path / "b", settings(other, **POD))
    manifest = wrap(other, tmp_path / "b", settings(other)).manifest
    assert manifest.trusted == ["sklearn.tree._tree.Tree"]
    assert manifest.runs_code


def test_a_file_that_cannot_be_read_or_loaded(tmp_path: Path) -> None:
    path = tmp_path / "m.joblib"
    buffer = io.BytesIO()
    joblib.dump(LINEAR, buffer)
    path.write_bytes(buffer.getvalue()[:-30])
    with pytest.raises(BundleError, match=r"'m\.joblib' cannot be loaded"):
        wrap(path, tmp_path / "b", settings(path))
    with pytest.raises(BundleError, match="cannot be read: Is a directory"):
        wrap(tmp_path, tmp_path / "b", replace(settings(path), folder=tmp_path))
