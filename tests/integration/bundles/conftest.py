"""From a fitted model to answers, in this process: made a bundle, loaded as a predictor loads it, asked as a client asks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest
from tests.integration.predictor.conftest import serve as process  # noqa: F401 (a fixture: a real process)

from slipway_cli.bundle import create
from slipway_contract import Bundle
from slipway_predictor.protocol import v2_json
from slipway_predictor.serving.core import Identity
from slipway_predictor.serving.loading import Loaded, load


class Served:
    """A bundle that is loaded."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.loaded: Loaded = load(bundle, Identity(bundle.manifest.name, bundle.manifest.version), "auto")

    @property
    def engine(self) -> str:
        return self.loaded.core.engine.name

    def infer(self, rows: pd.DataFrame) -> dict[str, Any]:
        """Return the named outputs for rows, sent as JSON with one tensor a column."""
        return self.ask({"inputs": [tensor(str(name), rows[name]) for name in rows.columns]})

    def infer_matrix(self, rows: Any) -> dict[str, Any]:
        """Return the named outputs for rows of numbers, sent as one matrix."""
        array = np.asarray(rows, dtype=float)
        data = [None if np.isnan(value) else value for value in array.reshape(-1).tolist()]
        return self.ask(
            {"inputs": [{"name": "x", "datatype": "FP64", "shape": list(array.shape), "data": data}]}
        )

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        answer = self.loaded.core.infer(v2_json.decode(orjson.dumps(request)))
        document = orjson.loads(v2_json.encode(answer))
        return {
            output["name"]: np.array(output["data"]).reshape(output["shape"])
            for output in document["outputs"]
        }


def tensor(name: str, column: "pd.Series[Any]") -> dict[str, Any]:
    """Return a column as a client would send it."""
    values = [None if pd.isna(value) else value for value in column.tolist()]
    if pd.api.types.is_bool_dtype(column.dtype):
        datatype = "BOOL"
    elif pd.api.types.is_integer_dtype(column.dtype):
        datatype = "INT64"
    elif pd.api.types.is_float_dtype(column.dtype):
        datatype = "FP64"
    else:
        datatype = "BYTES"
        values = [None if value is None else stamp(value) for value in values]
    return {"name": name, "datatype": datatype, "shape": [len(values)], "data": values}


def stamp(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


Serve = Callable[..., Served]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    def made(pipeline: Any, **options: Any) -> Served:
        folder = tmp_path / f"bundle-{len(list(tmp_path.iterdir()))}"
        return Served(create(pipeline, **({"name": "m", "version": "1", "out": folder} | options)))

    return made


def same(expected: Any, answer: Any, tolerance: float = 1e-9) -> None:
    """Hold what a client got against what the model says in the process that fitted it."""
    expected = np.asarray(expected)
    assert answer.shape == expected.shape
    if expected.dtype.kind == "f":
        np.testing.assert_allclose(answer, expected, rtol=tolerance, atol=tolerance)
    elif expected.dtype.kind in "iub":
        assert answer.tolist() == expected.tolist()
    else:
        assert list(map(str, answer.reshape(-1))) == list(map(str, expected.reshape(-1)))
