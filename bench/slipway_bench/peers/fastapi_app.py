"""The FastAPI application of the tutorials: thirty named fields, a plain function, scikit-learn."""

import os
from typing import Any

import joblib
import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel, create_model

NAMES = [f"f{i}" for i in range(30)]
fields: dict[str, Any] = dict.fromkeys(NAMES, (float, ...))
Row = create_model("Row", **fields)


class Rows(BaseModel):
    """Several rows."""

    rows: list[Row]


class Answer(BaseModel):
    """One row's answer."""

    prediction: int
    probability: float


app = FastAPI()
pipeline = joblib.load(os.environ["BENCH_PIPELINE"])


def _answers(rows: list[Any]) -> list[Answer]:
    table = np.array([[getattr(row, name) for name in NAMES] for row in rows])
    return [
        Answer(prediction=int(row.argmax()), probability=float(row[1]))
        for row in pipeline.predict_proba(table)
    ]


@app.post("/predict")
def predict(row: Row) -> Answer:
    """Answer one row."""
    return _answers([row])[0]


@app.post("/predict_batch")
def predict_batch(batch: Rows) -> list[Answer]:
    """Answer several rows."""
    return _answers(batch.rows)
