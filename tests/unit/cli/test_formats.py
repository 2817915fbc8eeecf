"""The formats a bundle keeps its model in, and the code it brings along."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from slipway_cli.bundle import create
from slipway_contract import Bundle, BundleError, verify
from slipway_predictor.bundle import decode

from .wheelwright import DOUBLED, make_wheel

X = np.random.default_rng(0).normal(size=(40, 3))
Y = (X[:, 0] > 0).astype(int)
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])
LINEAR = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)
FOREST = RandomForestClassifier(3, random_state=0).fit(X, Y)
TREE = "sklearn.tree._tree.Tree"


def made(pipeline: Any, out: Path, **more: Any) -> Bundle:
    return create(pipeline, **({"name": "m", "version": "1", "out": out} | more))


def test_skops_runs_no_code_and_answers_the_same(tmp_path: Path) -> None:
    bundle = made(LINEAR, tmp_path / "b", keep="skops")
    manifest = bundle.manifest
    assert (manifest.format, manifest.artifact, manifest.runs_code) == ("skops", "model.skops", False)
    assert set(manifest.libraries) == {"scikit-learn", "numpy", "skops"}
    assert sorted(path.name for path in bundle.root.iterdir()) == ["engine.npz", "model.skops", "model.yaml"]
    again = decode(bundle.read("model.skops"), "m", "skops").estimator
    assert np.array_equal(again.predict_proba(X), LINEAR.predict_proba(X))


@pytest.mark.parametrize("model", [LINEAR, FOREST, HistGradientBoostingClassifier(max_iter=3).fit(X, Y)])
def test_the_same_model_gives_the_same_skops_file_in_another_process(model: Any, tmp_path: Path) -> None:
    joblib.dump(model, tmp_path / "m.joblib")
    script = (
        "import sys; from slipway_cli.bundle import create;"
        "print(create(sys.argv[1], name='m', version='1', out=sys.argv[2], keep='skops', trust=['sklearn']).digest)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "m.joblib"), str(tmp_path / "there")]
    there = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    here = made(tmp_path / "m.joblib", tmp_path / "here", keep="skops", trust=["sklearn"])
    assert here.digest == there
    again = decode(here.read("model.skops"), "m", "skops", here.manifest.trusted or ()).estimator
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))


def test_types_that_skops_does_not_know_are_named_and_can_be_trusted(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=f"does not vouch for: {TREE};.*--trust {TREE}"):
        made(FOREST, tmp_path / "b", keep="skops")
    for trust in (TREE, "sklearn"):
        manifest = made(FOREST, tmp_path / trust, keep="skops", trust=[trust]).manifest
        assert manifest.trusted == [TREE]
        assert manifest.runs_code


def test_a_type_that_the_manifest_does_not_name_is_not_made(tmp_path: Path) -> None:
    data = skops.io.dumps(FOREST)
    with pytest.raises(BundleError, match=r"neither skops nor model\.yaml's `trusted` vouches for"):
        decode(data, "model.skops", "skops")
    assert decode(data, "model.skops", "skops", [TREE]).estimator.n_estimators == 3


@pytest.mark.parametrize("data", [b"", b"text", skops.io.dumps(LINEAR)[:-40]])
def test_a_damaged_skops_file_says_so(data: bytes) -> None:
    with pytest.raises(BundleError, match=r"'m\.skops' is no skops file, or a damaged one"):
        decode(data, "m.skops", "skops")


def test_another_scikit_learn_is_told_by_a_skops_file_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sklearn.base.__version__", "1.4.2")
    data = skops.io.dumps(LINEAR)
    monkeypatch.undo()
    assert decode(data, "m.skops", "skops").made_with == "1.4.2"


def test_a_file_keeps_its_format_unless_another_is_asked_for(tmp_path: Path) -> None:
    skops.io.dump(LINEAR, tmp_path / "m.skops")
    joblib.dump(LINEAR, tmp_path / "m.joblib")
    assert (
        made(tmp_path / "m.skops", tmp_path / "a").read("model.skops") == (tmp_path / "m.skops").read_bytes()
    )
    assert made(tmp_path / "m.joblib", tmp_path / "b", keep="skops").manifest.format == "skops"
    assert made(tmp_path / "m.skops", tmp_path / "c", keep="joblib").manifest.artifact == "model.joblib"


def test_what_skops_cannot_keep_is_refused_with_the_other_way(tmp_path: Path) -> None:
    pipeline = make_pipeline(FunctionTransformer(lambda x: x), LinearRegression()).fit(X, Y)
    with pytest.raises(BundleError, match=r"cannot be pickled.*replace lambdas"):
        made(pipeline, tmp_path / "b", keep="skops")


def test_an_onnx_file_is_a_model(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(to_onnx(LINEAR, X[:1].astype(np.float32)).SerializeToString())
    manifest = made(path, tmp_path / "b", data=FRAME).manifest
    assert (manifest.format, manifest.artifact, manifest.runs_code) == ("onnx", "model.onnx", False)
    assert [entry.name for entry in manifest.inputs] == ["a", "b", "c"]
    assert set(manifest.libraries) == {"onnxruntime"}
    assert manifest.golden is not None
    with pytest.raises(BundleError, match="which stays one: leave out --format"):
        made(path, tmp_path / "c", keep="skops")


def test_an_onnx_file_s_inputs_are_columns_by_name_in_its_own_order(tmp_path: Path) -> None:
    model = make_pipeline(
        ColumnTransformer([("all", StandardScaler(), ["a", "b", "c"])]), LogisticRegression()
    )
    model.fit(FRAME, Y)
    types = [(name, DoubleTensorType([None, 1])) for name in FRAME.columns]
    path = tmp_path / "model.onnx"
    path.write_bytes(to_onnx(model, initial_types=types, options={"zipmap": False}).SerializeToString())
    bundle = made(path, tmp_path / "b", data=FRAME[["c", "a", "b"]])
    assert [entry.name for entry in bundle.manifest.inputs] == ["a", "b", "c"]
    golden = json.loads(bundle.read("golden.json"))
    rows = np.array(golden["request"]["inputs"][0]["data"]).reshape(-1, 3)
    expected = model.predict_proba(pd.DataFrame(rows, columns=FRAME.columns))
    np.testing.assert_allclose(golden["outputs"]["probability"], expected, rtol=1e-9)
    with pytest.raises(BundleError, match="has no column 'b'"):
        made(path, tmp_path / "c", data=FRAME[["a", "c"]])


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Path]:
    """A pipeline with a class of the user's own, whose module lies where it was made, and a wheel of that."""
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "slipway_own_doubled.py").write_text(DOUBLED)
    monkeypatch.syspath_prepend(str(tmp_path / "here"))
    import slipway_own_doubled

    pipeline = make_pipeline(slipway_own_doubled.Doubled(), LogisticRegression()).fit(X, Y)
    return pipeline, make_wheel(tmp_path, "slipway-own-doubled", {"slipway_own_doubled.py": DOUBLED})


def test_wheels_travel_in_the_bundle_under_checksums(own: Any, tmp_path: Path) -> None:
    pipeline, wheel = own
    bundle = made(pipeline, tmp_path / "b", code=[wheel], data=FRAME)
    assert bundle.manifest.code == ["code/slipway_own_doubled-1.0-py3-none-any.whl"]
    assert bundle.read(bundle.manifest.code[0]) == wheel.read_bytes()
    (bundle.root / bundle.manifest.code[0]).write_bytes(b"other")
    with pytest.raises(BundleError, match=r"doubled-1.0-py3-none-any.whl' is not the one"):
        verify(bundle.root)


def test_a_class_of_no_package_is_told(own: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline, wheel = own
    made(pipeline, tmp_path / "b", data=FRAME)
    assert "uses slipway_own_doubled, which no installed package brings" in capsys.readouterr().err
    made(pipeline, tmp_path / "c", code=[wheel], data=FRAME)
    assert capsys.readouterr().err == ""


def test_a_class_of_a_script_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = type("Mine", (LinearRegression,), {"__module__": "__main__"})
    monkeypatch.setattr(sys.modules["__main__"], "Mine", kind, raising=False)
    with pytest.raises(BundleError, match="holds 'Mine', which a script or notebook defines itself"):
        made(kind().fit(X, Y), tmp_path / "b")


@pytest.mark.parametrize(
    ("wheel", "sentence"),
    [("x.tar.gz", "is no wheel"), ("none-1-py3-none-any.whl", "cannot be read: No such file")],
)
def test_what_is_no_wheel_is_refused(wheel: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=sentence):
        made(LINEAR, tmp_path / "b", code=[tmp_path / wheel])
