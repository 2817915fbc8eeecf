"""Checking a bundle, and trying it in a process of its own."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from slipway_cli.bundle import create
from slipway_cli.check import CannotBeServed, check
from slipway_cli.main import main
from slipway_contract import Bundle, BundleError, checksums, write_bundle

FRAME = pd.DataFrame({"a": np.arange(40.0), "b": np.arange(40.0) % 7})
MODEL = LogisticRegression().fit(FRAME, FRAME["a"] > 15)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return create(MODEL, name="m", version="1", out=tmp_path_factory.mktemp("b") / "bundle", data=FRAME)


def changed(bundle: Bundle, out: Path, **files: bytes) -> Bundle:
    """Return the bundle with files put in place of its own, their checksums too."""
    whole = {path: bundle.read(path) for path in bundle.manifest.files}
    whole |= {name.replace("__", "."): data for name, data in files.items()}
    return write_bundle(out, bundle.manifest.model_copy(update={"files": checksums(whole)}), whole)


def test_without_loading_only_the_files_are_looked_at(bundle: Bundle, tmp_path: Path) -> None:
    assert check(bundle.root, digest=bundle.digest).trial is None
    assert check(changed(bundle, tmp_path / "b", model__joblib=b"no pickle").root).trial is None


def test_loading_tells_the_engine_and_the_golden_rows(
    bundle: Bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    trial = check(bundle.root, load=True).trial
    assert trial is not None
    assert trial.engine.startswith("linear, compiled where the bundle was made")
    assert (trial.golden_rows, trial.warnings) == (32, [])
    assert main(["bundle", "check", str(bundle.root), "--load"]) == 0
    printed = capsys.readouterr()
    assert "32 golden rows answered as before, engine linear" in printed.out
    assert "in a process of its own" in printed.err


def test_another_version_is_a_warning(
    bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sklearn.base.__version__", "1.4.2")
    made = create(MODEL, name="m", version="1", out=tmp_path / "b", data=FRAME)
    monkeypatch.undo()
    assert main(["bundle", "check", str(made.root), "--load"]) == 0
    assert "warning: a library is here in another version" in capsys.readouterr().err


def test_a_bundle_that_is_whole_but_cannot_be_loaded_is_status_3(
    bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = changed(bundle, tmp_path / "b", model__joblib=b"no pickle")
    with pytest.raises(CannotBeServed, match=r"'model.joblib' cannot be loaded"):
        check(broken.root, load=True)
    assert main(["bundle", "check", str(broken.root), "--load"]) == 3
    assert capsys.readouterr().err.splitlines()[-1].startswith("slipway: 'model.joblib' cannot be loaded")


def test_other_answers_to_the_golden_rows_are_found(bundle: Bundle, tmp_path: Path) -> None:
    golden = json.loads(bundle.read("golden.json"))
    golden["outputs"]["probability"][3][0] += 1e-3
    other = changed(bundle, tmp_path / "b", golden__json=json.dumps(golden).encode())
    with pytest.raises(CannotBeServed, match="probability for its golden rows is not what it was"):
        check(other.root, load=True)


def test_a_process_that_dies_is_told(bundle: Bundle, tmp_path: Path) -> None:
    dying = b"cos\n_exit\n(I7\ntR."
    with pytest.raises(CannotBeServed, match="loading the model ended its process with status 7"):
        check(changed(bundle, tmp_path / "b", model__joblib=dying).root, load=True)


def test_a_bundle_that_is_not_whole_is_not_loaded(bundle: Bundle, tmp_path: Path) -> None:
    other = changed(bundle, tmp_path / "b")
    (other.root / "model.joblib").write_bytes(b"cos\n_exit\n(I7\ntR.")
    with pytest.raises(BundleError, match="is not the one the bundle was made with") as caught:
        check(other.root, load=True)
    assert not isinstance(caught.value, CannotBeServed)
    assert main(["bundle", "check", str(other.root), "--load"]) == 1
