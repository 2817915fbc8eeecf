"""`slipway-predictor serve model.joblib`: a bare file, with one process and with several."""

import os
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from .conftest import Serve, matrix


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_bare_file_is_served_under_its_name(serve: Serve, tmp_path: Path, workers: str) -> None:
    rows = np.array([[1.0, 2.0], [3.0, -1.0], [0.0, 0.5], [-2.0, 4.0]])
    model = LogisticRegression().fit(rows, [0, 1, 1, 0])
    joblib.dump(model, tmp_path / "churn.joblib")
    given = os.path.relpath(tmp_path / "churn.joblib")  # as people write it
    served = serve(f"./{given}", "--workers", workers)
    answer = served.post("/v2/models/churn/infer", json=matrix(*rows.tolist())).json()
    label, probability = answer["outputs"]
    assert label["data"] == model.predict(rows).tolist()
    assert np.allclose(probability["data"], model.predict_proba(rows).reshape(-1), rtol=1e-12)
    assert "the contract is inferred from the model, loosely: 2 column(s)" in served.errors
    assert "which runs the code in it" in served.errors
