"""The command line: what goes to stdout, the sentence of a refusal, exit codes, and a help that teaches."""

from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from slipway_cli.main import main
from slipway_contract import verify


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    frame = pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [1.0, 5.0, 3.0]})
    joblib.dump(LinearRegression().fit(frame, np.arange(3)), tmp_path / "model.joblib")
    frame.to_parquet(tmp_path / "train.parquet")
    frame.to_csv(tmp_path / "train.csv", index=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def create(*more: str) -> list[str]:
    return [
        "bundle",
        "create",
        "--pipeline",
        "model.joblib",
        "--name",
        "Churn_model",
        "--version",
        "1",
        "--out",
        "b",
        *more,
    ]


@pytest.mark.parametrize("data", ["train.parquet", "train.csv"])
def test_create_prints_a_deployment_pinned_to_the_digest(
    work: Path, data: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(create("--data", data)) == 0
    printed = capsys.readouterr()
    digest = verify(work / "b").digest
    assert f"# digest {digest}" in printed.out
    assert yaml.safe_load(printed.out) == {
        "apiVersion": "slipway.dev/v1alpha1",
        "kind": "ModelDeployment",
        "metadata": {"name": "churn-model"},
        "spec": {
            "model": {
                "name": "Churn_model",
                "uri": "pvc://models/Churn_model/1",
                "version": "1",
                "digest": digest,
            }
        },
    }
    assert "change it, or give --uri" in printed.out
    assert "slipway-predictor serve b" in printed.err


def test_a_given_uri_is_printed_as_it_is(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(create("--uri", "s3://bucket/churn/1")) == 0
    printed = capsys.readouterr().out
    assert yaml.safe_load(printed)["spec"]["model"]["uri"] == "s3://bucket/churn/1"
    assert "change it" not in printed


def test_check_tells_what_is_there_and_its_digest(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(create())
    capsys.readouterr()
    digest = verify(work / "b").digest
    assert main(["bundle", "check", "b", "--digest", digest]) == 0
    printed = capsys.readouterr().out
    assert "ok: Churn_model version 1, 2 file(s)" in printed
    assert "takes 2 columns, answers value" in printed
    assert printed.endswith(f"digest {digest}\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["bundle", "check", "nowhere"], "'nowhere' is not a folder"),
        (["bundle", "check", ".", "--digest", "x"], "holds no model.yaml"),
        (create("--data", "train.xlsx"), "'train.xlsx' is neither .parquet nor .csv"),
        (create("--data", "none.csv"), "'none.csv' cannot be read: No such file"),
        (create("--data", "broken.parquet"), "'broken.parquet' is no readable parquet file"),
        (create("--pipeline", "train.csv"), "'train.csv' cannot be loaded"),
        (create("--pipeline", "zip.joblib", "--data", "zip.csv"), "a CSV file keeps no types"),
    ],
)
def test_a_refusal_is_one_sentence_and_status_1(
    work: Path, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "broken.parquet").write_text("x")
    codes = pd.DataFrame({"code": ["0123", "1234", "2345", "3456"]})
    joblib.dump(make_pipeline(OneHotEncoder(), LinearRegression()).fit(codes, range(4)), work / "zip.joblib")
    codes.to_csv(work / "zip.csv", index=False)
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("slipway: ")
    assert printed.err.count("\n") == 1
    assert sentence in printed.err


@pytest.mark.parametrize("arguments", [[], ["bundle"], ["bundle", "create"], ["unknown"], create()[:4]])
def test_wrong_usage_is_status_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)


@pytest.mark.parametrize("arguments", [[], ["bundle", "create"], ["bundle", "check"]])
def test_help_shows_an_example(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([*arguments, "--help"])
    assert "slipway bundle c" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == 0
    assert capsys.readouterr().out.startswith("slipway ")
