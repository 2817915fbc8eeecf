"""Train four bundles on scikit-learn's breast-cancer data, for the demo: two good models and two bad ones.

    python examples/breast_cancer/train.py --out models

v1  logistic regression
v2  random forest
v3  broken by a mistake that tests on training rows do not find: it takes two rounded measurements for categories, and
    its encoder refuses every value it did not see in training, about a sixth of the held-out rows
v4  a bundle whose pipeline was cut short before it was sealed: checksums and digest agree, loading it fails

and `holdout.json`: the held-out rows, the truth, and each model's own answers to them, computed here and now, so that
what a server answers can be compared with what the model says. The same versions of the libraries give the same
bytes every time.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from slipway_cli.bundle import create
from slipway_contract import Bundle, Manifest, checksums, write_bundle

NAME = "breast-cancer"
SEED = 7
# The measurements v3 takes for categories: whole units of them, of which the training rows do not have all.
CATEGORIES = ["mean perimeter", "worst perimeter"]


def logistic_regression() -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


def random_forest() -> Pipeline:
    return make_pipeline(StandardScaler(), RandomForestClassifier(n_estimators=100, random_state=SEED))


def brittle() -> Pipeline:
    """Logistic regression over the scaled columns and the rounded CATEGORIES, one-hot, unseen values refused."""
    rounded = make_pipeline(FunctionTransformer(np.rint), OneHotEncoder(handle_unknown="error"))
    columns = ColumnTransformer([("rounded", rounded, CATEGORIES)], remainder=StandardScaler())
    return make_pipeline(columns, LogisticRegression(max_iter=1000))


def truncated(bundle: Bundle, version: str, out: Path) -> Bundle:
    """Write a bundle like `bundle` whose artifact lost its second half before the checksums were taken.

    It has no engine, which would answer in the artifact's place.
    """
    manifest = bundle.manifest
    whole = bundle.read(manifest.artifact)
    others = {
        path: bundle.read(path) for path in manifest.files if path not in (manifest.artifact, manifest.engine)
    }
    files = {**others, manifest.artifact: whole[: len(whole) // 2]}
    fields = manifest.model_dump() | {"version": version, "engine": None, "files": checksums(files)}
    return write_bundle(out, Manifest.model_validate(fields), files)


def offline(pipeline: Pipeline, rows: pd.DataFrame) -> dict[str, Any]:
    """Return the pipeline's own answer to each row, asked one by one; None where it raises."""
    labels: list[int | None] = []
    probabilities: list[list[float] | None] = []
    for index in range(len(rows)):
        row = rows.iloc[[index]]
        try:
            labels.append(int(pipeline.predict(row)[0]))
            probabilities.append(pipeline.predict_proba(row)[0].tolist())
        except ValueError:
            labels.append(None)
            probabilities.append(None)
    return {"label": labels, "probability": probabilities, "raises": labels.count(None) / len(labels)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n\n")[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for v1, v2, v3, v4 and holdout.json")
    out: Path = parser.parse_args().out

    data = load_breast_cancer(as_frame=True)
    train, held, truth_train, truth_held = train_test_split(
        data.data, data.target, test_size=0.4, random_state=SEED, stratify=data.target
    )
    answers: dict[str, Any] = {}
    for version, pipeline in (("1", logistic_regression()), ("2", random_forest()), ("3", brittle())):
        pipeline.fit(train, truth_train)
        bundle = create(pipeline, name=NAME, version=version, out=out / f"v{version}", data=train)
        answers[f"v{version}"] = {"digest": bundle.digest, **offline(pipeline, held)}
        accuracy = np.mean([a == t for a, t in zip(answers[f"v{version}"]["label"], truth_held, strict=True)])
        print(
            f"v{version} {bundle.digest} right on {accuracy:.1%}, raises on {answers[f'v{version}']['raises']:.1%}"
        )
        if version == "1":
            first = bundle
    fourth = truncated(first, "4", out / "v4")
    print(f"v4 {fourth.digest} cannot be loaded")
    holdout = {
        "name": NAME,
        "features": list(held.columns),
        "rows": held.to_numpy().tolist(),
        "truth": truth_held.tolist(),
        "models": {**answers, "v4": {"digest": fourth.digest}},
    }
    (out / "holdout.json").write_text(json.dumps(holdout) + "\n")


if __name__ == "__main__":
    main()
