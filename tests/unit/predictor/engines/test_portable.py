"""An engine as a file: the same answers after a round trip, and a sentence for every file that is no such thing."""

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from slipway_predictor.engines import ScikitEngine, Unreadable, compile_ahead, native, open_ahead, unpack
from slipway_predictor.engines.choose import Choice

from .conftest import AMOUNT, THREE, TWO, X
from .test_boosters import HOLES, WALKED, close
from .test_boosters import outputs_of as outputs_of_booster
from .test_trees import MODELS as TREES

Arrays = dict[str, Any]
SCALED = {
    "linear": make_pipeline(StandardScaler(), LogisticRegression()).fit(X, TWO),
    "three classes": make_pipeline(RobustScaler(), LogisticRegression()).fit(X, THREE),
    "classes as objects": make_pipeline(MinMaxScaler(), LogisticRegression()).fit(X, THREE.astype(object)),
    "two values": LinearRegression().fit(X, np.stack([AMOUNT, -AMOUNT], axis=1)),
    "scaled forest": make_pipeline(StandardScaler(), RandomForestClassifier(3, random_state=0)).fit(X, THREE),
}


def outputs_of(estimator: Any) -> list[str]:
    return [output.name for output in ScikitEngine(estimator).describe(X[:1])]


def packed(estimator: Any) -> bytes | None:
    return compile_ahead(estimator, ScikitEngine(estimator), outputs_of(estimator), X[:5])


def opened(estimator: Any) -> Choice:
    data = packed(estimator)
    assert data is not None
    choice = open_ahead(unpack(data))
    assert isinstance(choice, Choice), choice
    return choice


@pytest.fixture(autouse=True)
def compiled(library: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The C, wherever the tests run."""
    monkeypatch.setattr(native, "LIBRARY", library)
    native.available.cache_clear()
    yield
    native.available.cache_clear()


@pytest.mark.parametrize("name", [*TREES, *SCALED])
def test_the_answers_are_the_same_bits_after_a_round_trip(name: str) -> None:
    estimator = (TREES | SCALED)[name]
    choice = opened(estimator)
    outputs = outputs_of(estimator)
    expected, actual = ScikitEngine(estimator).predict(X, outputs), choice.engine.predict(X, outputs)
    for output in outputs:
        assert actual[output].dtype == expected[output].dtype
        assert np.array_equal(actual[output], expected[output])
    assert choice.engine.cost is not None


@pytest.mark.parametrize("name", WALKED)
@pytest.mark.parametrize("rows", [X, HOLES], ids=["whole", "holes"])
def test_boosters_need_their_library_no_more(name: str, rows: Any) -> None:
    estimator, outputs = WALKED[name], outputs_of_booster(WALKED[name])
    reference = ScikitEngine(estimator)
    data = compile_ahead(estimator, reference, outputs, X[:5])
    assert data is not None
    compiled = unpack(data)
    choice = open_ahead(compiled)
    assert isinstance(choice, Choice)
    actual, expected = choice.engine.predict(rows, outputs), reference.predict(rows, outputs)
    for output in outputs:
        close(expected[output], actual[output], compiled.plan.tolerance)


def test_the_same_model_gives_the_same_bytes() -> None:
    assert packed(SCALED["scaled forest"]) == packed(SCALED["scaled forest"])


def test_a_model_that_is_no_plain_numbers_has_none() -> None:
    assert packed(KNeighborsClassifier().fit(X, TWO)) is None


def test_one_that_answers_otherwise_is_not_kept() -> None:
    estimator = LogisticRegression(max_iter=500).fit(X - 50, TWO)
    reference = ScikitEngine(estimator)
    assert compile_ahead(estimator, reference, ["label", "probability"], X[:5]) is not None
    estimator.coef_ = estimator.coef_ * 1.001  # the reference sees it, the plan below does not
    stale = LogisticRegression(max_iter=500).fit(X - 50, TWO)
    assert compile_ahead(stale, reference, ["label", "probability"], X[:5]) is None


@pytest.mark.parametrize(
    ("name", "value"), [("linear", np.nan), ("linear", np.inf), ("scaled forest", np.inf)]
)
def test_what_scikit_learn_refuses_it_refuses_without_it(name: str, value: float) -> None:
    row = X[:1].copy()
    row[0, 2] = value
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        ScikitEngine(SCALED[name]).predict(row, ["label"])
    with pytest.raises(ValueError, match=r"NaN or infinity"):
        opened(SCALED[name]).engine.predict(row, ["label"])


def changed(change: Callable[[dict[str, Any], Arrays], Any], name: str = "forest") -> bytes:
    """A file whose head and arrays were changed."""
    data = packed((TREES | SCALED)[name])
    assert data is not None
    with np.load(io.BytesIO(data)) as archive:
        arrays = {key: archive[key].copy() for key in archive}
    head = json.loads(arrays["head"].tobytes())
    change(head, arrays)
    arrays["head"] = np.frombuffer(json.dumps(head).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def put(key: str, field: str, at: int, value: float) -> Callable[[dict[str, Any], Arrays], Any]:
    def change(_head: dict[str, Any], arrays: Arrays) -> None:
        (arrays[key][field] if field else arrays[key])[at] = value

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda head, arrays: head.update(format=2), "of format 2, here format 1 is read"),
        (lambda head, arrays: head.pop("steps"), "damaged"),
        (lambda head, arrays: arrays.pop("model.roots"), "damaged"),
        (lambda head, arrays: head["head"].update(link="eval"), "not known here"),
        (lambda head, arrays: head["head"].update(kind="exec"), "not known here"),
        (lambda head, arrays: head["model"].update({"is": "pickle"}), "damaged"),
        (lambda head, arrays: head["model"].update(columns=0), "no columns"),
        (lambda head, arrays: head["model"].update(features=1), "a column that is not there"),
        (lambda head, arrays: arrays.update(rows=arrays["rows"][:, 1:]), "not of one width"),
        (put("model.nodes", "left", 0, 0), "a node leads nowhere"),
        (put("model.nodes", "left", 0, -7), "a node leads nowhere"),
        (put("model.nodes", "left", 0, 2**31 - 1), "a node leads nowhere"),
        (put("model.nodes", "left", 0, 2), "siblings do not lie side by side"),
        (
            lambda head, arrays: put("model.nodes", "left", 0, arrays["model.roots"][1] + 1)(head, arrays),
            "siblings do not lie side by side",
        ),
        (put("model.nodes", "feature", 0, -1), "a column that is not there"),
        (put("model.nodes", "feature", 0, 5), "a column that is not there"),
        (put("model.roots", "", 3, 10**6), "a tree has no root"),
        (put("model.roots", "", 3, 0), "a tree has no root"),
        (put("model.roots", "", 0, 1), "a tree has no root"),
        (lambda head, arrays: np.add.at(arrays["model.roots"], 3, 1), "siblings do not lie side by side"),
        (
            lambda head, arrays: arrays.update({"model.values": arrays["model.values"][:-1]}),
            "not of one length",
        ),
        (
            lambda head, arrays: arrays.update({"model.missing_left": arrays["model.nodes"]}),
            "not of the types",
        ),
        (
            lambda head, arrays: arrays.update(
                {"model.missing_left": arrays["model.missing_left"][:, None][:, :0]}
            ),
            "not of one length",
        ),
        (
            lambda head, arrays: arrays.update({"model.roots": arrays["model.roots"][:, None]}),
            "not of one length",
        ),
        (
            lambda head, arrays: arrays.update({"model.values": np.asfortranarray(arrays["model.values"])}),
            "not in C's order",
        ),
        (
            lambda head, arrays: arrays.update({"model.values": arrays["model.values"][:, :1].copy()}),
            "not as wide as the answer",
        ),
        (lambda head, arrays: arrays.update({"model.start": np.zeros(7)}), "start at other columns"),
        (lambda head, arrays: head["model"].update(single=True), "sums in float32"),
        (lambda head, arrays: head["model"].update(features=float("inf")), "damaged"),
    ],
)
def test_a_file_that_is_not_sound_is_refused_and_says_why(change: Any, sentence: str) -> None:
    with pytest.raises(Unreadable, match=sentence):
        unpack(changed(change))


def test_no_byte_that_is_changed_raises_anything_else() -> None:
    data = packed(SCALED["linear"])
    assert data is not None
    for at in range(0, len(data), 3):
        with contextlib.suppress(Unreadable):
            unpack(data[:at] + bytes([data[at] ^ 0x5D]) + data[at + 1 :])


@pytest.mark.parametrize("cut", [0, 10, 1000, -30])
def test_a_file_that_is_cut_short_is_damaged(cut: int) -> None:
    data = packed(SCALED["linear"])
    assert data is not None
    with pytest.raises(Unreadable, match=r"it is (damaged|no .npz archive)"):
        unpack(data[:cut])


def test_a_pickle_inside_is_never_loaded() -> None:
    buffer = io.BytesIO()
    np.savez(buffer, head=np.array([object()], dtype=object))
    with pytest.raises(Unreadable, match="Object arrays cannot be loaded"):
        unpack(buffer.getvalue())


def test_answers_that_have_changed_are_found_and_named() -> None:
    def off(_head: dict[str, Any], arrays: Arrays) -> None:
        arrays["answer.probability"][7, 0] += 1e-6

    why = open_ahead(unpack(changed(off)))
    assert isinstance(why, str)
    assert "probability differs by 1e-06" in why


def test_trees_without_the_c_are_left_to_their_library(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    forest, linear = packed(TREES["forest"]), packed(SCALED["linear"])
    assert forest is not None
    assert linear is not None
    monkeypatch.setattr(native, "LIBRARY", tmp_path / "none.so")
    native.available.cache_clear()
    assert "C was not compiled here" in str(open_ahead(unpack(forest)))
    assert isinstance(open_ahead(unpack(linear)), Choice)


def test_a_regressor_s_start_and_rate_travel_too() -> None:
    estimator = GradientBoostingRegressor(n_estimators=3, learning_rate=0.37).fit(X, AMOUNT)
    assert np.array_equal(opened(estimator).engine.predict(X, ["value"])["value"], estimator.predict(X))
