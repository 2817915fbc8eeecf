"""Requests of many rows: whoever else asks is answered meanwhile."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import pytest

from .conftest import PATIENCE, Serve, environment

pytestmark = pytest.mark.integration

ROWS = 400_000
SCRIPT = """
import sys
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from slipway_cli.bundle import create

frame = pd.DataFrame({"plan": ["gold", "free", "pro", "free"] * 20, "city": ["a", "b", "b", "a"] * 20})
pipeline = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression())
pipeline.fit(frame, (frame["plan"] == "pro").map({True: "leaves", False: "stays"}))
create(pipeline, name="churn", version="1", out=sys.argv[1], data=frame)
"""


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("texts") / "bundle"
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT, str(out)]
    subprocess.run(command, check=True, env=environment(), timeout=PATIENCE)
    return out


def test_health_answers_while_many_rows_of_text_are_checked_and_answered(serve: Serve, texts: Path) -> None:
    served = serve(texts, "--max-body-mib", "64")
    inputs = [
        {"name": name, "datatype": "BYTES", "shape": [ROWS], "data": [value] * ROWS}
        for name, value in (("plan", "free"), ("city", "b"))
    ]
    body, waits = orjson.dumps({"inputs": inputs}), []
    with ThreadPoolExecutor(1) as threads:
        begin = time.perf_counter()
        asked = threads.submit(served.post, "/v2/models/churn/infer", content=body)
        while not asked.done():
            since = time.perf_counter()
            assert served.get("/v2/health/live").status_code == 200
            waits.append(time.perf_counter() - since)
        took = time.perf_counter() - begin
        assert asked.result().status_code == 200, asked.result().text
    assert max(waits) < took / 4, f"health had to wait {max(waits):.2f} s of the {took:.2f} that it took"
