"""Label and probabilities at once: the same as asked one by one, with the work done once."""

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, SGDClassifier
from sklearn.tree import DecisionTreeClassifier

from slipway_predictor.engines.together import together

ROWS = np.random.default_rng(3).normal(size=(300, 4))
TWO = np.where(ROWS[:, 0] + ROWS[:, 1] > 0, "yes", "no")
THREE = np.digitize(ROWS[:, 0] - ROWS[:, 2], [-0.5, 0.5])
SEVERAL = np.column_stack([ROWS[:, 0] > 0, ROWS[:, 1] > 0])


class Stubborn(LogisticRegression):
    def predict(self, X: Any) -> Any:  # noqa: N803 (scikit-learn's name)
        return np.full(len(X), self.classes_[0])


@pytest.mark.parametrize("labels", [TWO, THREE], ids=["two", "three"])
@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(),
        LogisticRegression(C=0.01),
        LogisticRegressionCV(
            Cs=2, cv=2, l1_ratios=(0.0,), use_legacy_attributes=False, scoring="neg_log_loss"
        ),
        RandomForestClassifier(7, random_state=1),
        ExtraTreesClassifier(7, random_state=1),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_it_answers_what_the_estimator_does(estimator: Any, labels: Any) -> None:
    final = estimator.fit(ROWS, labels)
    both = together(final)
    assert both is not None
    edge = ROWS * 1e-9 if isinstance(final, LogisticRegression) else ROWS
    for rows in (ROWS, edge, ROWS[:1]):
        found = both(rows)
        assert np.array_equal(found["label"], final.predict(rows))
        assert np.array_equal(found["probability"], final.predict_proba(rows))


def test_decision_values_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    final = LogisticRegression().fit(ROWS, TWO)
    decide, calls = LogisticRegression.decision_function, []

    def counted(self: Any, rows: Any) -> Any:
        calls.append(len(rows))
        return decide(self, rows)

    monkeypatch.setattr(LogisticRegression, "decision_function", counted)
    both = together(final)
    assert both is not None
    both(ROWS[:5])
    assert calls == [5]
    assert "decision_function" not in vars(final), "the estimator itself is left as it was"


@pytest.mark.parametrize(
    ("estimator", "labels"),
    [
        (Stubborn(), TWO),
        (SGDClassifier(loss="log_loss"), TWO),
        (DecisionTreeClassifier(), TWO),
        (RandomForestClassifier(3), SEVERAL),
    ],
    ids=["own predict", "other", "tree", "several labels"],
)
def test_others_are_asked_one_by_one(estimator: Any, labels: Any) -> None:
    assert together(estimator.fit(ROWS, labels)) is None
