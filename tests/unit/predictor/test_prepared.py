"""Which way a bundle's model is loaded: by the engine that came with it, or its own library; and what is said of it."""

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from slipway_cli.bundle import create
from slipway_contract import Bundle, BundleError, Manifest, checksums, open_bundle, write_bundle
from slipway_predictor.bundle import Prepared, prepare
from slipway_predictor.monitoring.logs import LOGGER

FRAME = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 3)), columns=["a", "b", "c"])
PIPELINE = make_pipeline(StandardScaler(), LogisticRegression()).fit(FRAME, FRAME["a"] > 0)
BOTH = ["label", "probability"]

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return create(PIPELINE, name="m", version="1", out=tmp_path_factory.mktemp("b") / "b", data=FRAME)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    monkeypatch.setattr(logging.getLogger(LOGGER), "propagate", True)
    return caplog


def variant(bundle: Bundle, out: Path, change: Callable[[Files], Any], **fields: Any) -> Bundle:
    """A bundle like it with other files, and their checksums."""
    files = {path: bundle.read(path) for path in bundle.manifest.files}
    change(files)
    document = bundle.manifest.model_dump() | fields | {"files": checksums(files)}
    return write_bundle(out, Manifest.model_validate(document), files)


def answers(prepared: Prepared) -> Any:
    return prepared.choice.engine.predict(FRAME.to_numpy(), BOTH)


def test_the_engine_answers_in_the_pipeline_s_place(bundle: Bundle) -> None:
    prepared = prepare(bundle, compiled=True)
    assert (prepared.choice.ahead, prepared.choice.engine.name, prepared.warnings) == (True, "linear", ())
    assert np.array_equal(answers(prepared)["probability"], PIPELINE.predict_proba(FRAME))


def test_the_pipeline_itself_can_be_asked_for(bundle: Bundle) -> None:
    choice = prepare(bundle, compiled=False).choice
    assert (choice.ahead, choice.engine.name) == (False, "sklearn")


def test_a_bundle_without_an_engine_gets_one_at_load(bundle: Bundle, tmp_path: Path) -> None:
    older = variant(bundle, tmp_path / "b", lambda files: files.pop("engine.npz"), engine=None)
    assert "engine:" not in (older.root / "model.yaml").read_text()
    prepared = prepare(open_bundle(older.root), compiled=True)
    assert (prepared.choice.ahead, prepared.choice.engine.name, prepared.warnings) == (False, "linear", ())


def off_by_a_little(files: Files) -> None:
    golden = orjson.loads(files["golden.json"])
    golden["outputs"]["probability"][3][0] += 1e-3
    files["golden.json"] = orjson.dumps(golden)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda files: files.update({"engine.npz": b"PK"}), "it is no .npz archive"),
        (lambda files: files.update({"engine.npz": files["model.joblib"]}), "it is no .npz archive"),
        (off_by_a_little, "its probability for the golden rows is not what it was"),
    ],
    ids=["damaged", "a pickle", "other answers"],
)
def test_an_engine_of_no_use_is_never_silently_passed_over(
    bundle: Bundle, tmp_path: Path, change: Any, sentence: str, said: pytest.LogCaptureFixture
) -> None:
    prepared = prepare(variant(bundle, tmp_path / "b", change), compiled=True)
    assert (prepared.choice.ahead, prepared.warnings) == (False, ("engine_file",))
    assert f"engine.npz in the bundle is not used, the pipeline itself is loaded: {sentence}" in said.text
    assert np.array_equal(answers(prepared)["probability"], PIPELINE.predict_proba(FRAME))


def test_another_file_than_the_listed_one_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    copied = variant(bundle, tmp_path / "b", lambda files: None)
    (copied.root / "engine.npz").write_bytes(b"PK")
    with pytest.raises(BundleError, match=r"'engine.npz' is not the one the bundle was made with"):
        prepare(copied, compiled=True)


def test_an_engine_that_is_not_listed_is_no_valid_manifest(bundle: Bundle) -> None:
    with pytest.raises(ValueError, match=r"engine 'other.npz' is not listed under files"):
        Manifest.model_validate(bundle.manifest.model_dump() | {"engine": "other.npz"})


def test_a_contract_of_another_pipeline_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    fewer = bundle.manifest.model_dump()["inputs"][1:]
    other = variant(bundle, tmp_path / "b", lambda files: None, inputs=fewer)
    with pytest.raises(BundleError, match="does not fit the pipeline: input 0 is 'b', the pipeline's 'a'"):
        prepare(other, compiled=True)


@pytest.mark.parametrize("compiled", [True, False], ids=["by its engine", "by the pipeline"])
def test_classes_in_another_order_are_refused(bundle: Bundle, tmp_path: Path, compiled: bool) -> None:
    outputs = bundle.manifest.model_dump()["outputs"]
    outputs[0]["classes"] = [True, False]
    other = variant(bundle, tmp_path / "b", lambda files: None, outputs=outputs)
    with pytest.raises(
        BundleError, match="promises the classes True, False of output 'label', the pipeline has False, True;"
    ):
        prepare(other, compiled=compiled)


def test_an_example_that_breaks_the_rules_is_named(bundle: Bundle, tmp_path: Path) -> None:
    inputs = bundle.manifest.model_dump()["inputs"]
    inputs[1] = {"name": "b", "type": "timestamp", "dtype": "datetime64[ns]", "example": "2300-01-01"}
    other = variant(bundle, tmp_path / "b", lambda files: None, inputs=inputs)
    with pytest.raises(
        BundleError, match="the contract's own example breaks its rules: input 'b', row 0: 2300"
    ):
        prepare(other, compiled=True)


LOAD = """
import sys
from pathlib import Path
from slipway_contract import open_bundle
from slipway_predictor.bundle import prepare
print(prepare(open_bundle(Path(sys.argv[1])), compiled=True).choice.engine.name)
print(*({"sklearn", "scipy", "joblib", "pandas", "kserve"} & set(sys.modules)))
"""


def test_no_library_of_the_model_is_imported_and_the_pickle_not_read(bundle: Bundle, tmp_path: Path) -> None:
    poisoned = variant(
        bundle, tmp_path / "b", lambda files: files.update({"model.joblib": b"cos\n_exit\n(I7\ntR."})
    )
    result = subprocess.run([sys.executable, "-c", LOAD, poisoned.root], capture_output=True, text=True)
    assert result.stdout.splitlines() == ["linear", ""], result.stderr
