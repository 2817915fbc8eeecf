"""ONNX files: what a contract is made of, and the answers, against the models they were converted from."""

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from slipway_contract import BundleError
from slipway_predictor.engines import OnnxEngine, choose, reference_engine

from .conftest import AMOUNT, THREE, TWO, X

SINGLE = X.astype(np.float32)


def engine_of(model: Any, sample: Any = SINGLE[:1], **options: Any) -> OnnxEngine:
    return OnnxEngine(to_onnx(model, sample, **options).SerializeToString(), "model.onnx")


def graph(*nodes: Any, takes: list[Any], gives: list[Any]) -> bytes:
    made = helper.make_model(
        helper.make_graph(list(nodes), "g", takes, gives), opset_imports=[helper.make_opsetid("", 17)]
    )
    made.ir_version = 9
    onnx.checker.check_model(made)
    data: bytes = made.SerializeToString()
    return data


def tensor(name: str, kind: int, *shape: Any) -> Any:
    return helper.make_tensor_value_info(name, kind, list(shape))


@pytest.mark.parametrize("zipmap", [True, False])
@pytest.mark.parametrize("target", [TWO, THREE], ids=["numbers", "text"])
def test_a_classifier_answers_label_and_probability(target: Any, zipmap: bool) -> None:
    model = make_pipeline(StandardScaler(), RandomForestClassifier(9, random_state=0)).fit(SINGLE, target)
    engine = engine_of(model, options={"zipmap": zipmap})
    assert [(entry.name, str(entry.type), entry.columns) for entry in engine.inputs] == [("X", "float", 5)]
    described = engine.describe(X[:2])
    assert [(one.name, one.columns) for one in described] == [
        ("label", None),
        ("probability", len(model.classes_)),
    ]
    answers = engine.predict(X, ("probability", "label"))
    assert answers["label"].tolist() == model.predict(SINGLE).tolist()
    np.testing.assert_allclose(answers["probability"], model.predict_proba(SINGLE), atol=1e-5)


@pytest.mark.parametrize("model", [LinearRegression(), RandomForestRegressor(5, random_state=0)])
def test_a_regressor_answers_a_value(model: Any) -> None:
    model.fit(SINGLE, AMOUNT)
    engine = engine_of(model)
    assert [(one.name, one.columns) for one in engine.describe(X[:1])] == [("value", None)]
    np.testing.assert_allclose(engine.predict(X, ["value"])["value"], model.predict(SINGLE), rtol=1e-4)


def test_doubles_stay_doubles() -> None:
    model = LogisticRegression(max_iter=5000).fit(X, TWO)
    answers = engine_of(model, X[:1], options={"zipmap": False}).predict(X, ["probability"])
    np.testing.assert_allclose(answers["probability"], model.predict_proba(X), rtol=1e-12, atol=1e-12)


def test_inputs_of_several_types_are_inputs_of_the_contract() -> None:
    import pandas as pd

    frame = pd.DataFrame({"a": X[:, 0], "n": np.arange(300) % 5, "plan": THREE})
    columns = ColumnTransformer([("plan", OneHotEncoder(), ["plan"])], remainder="passthrough")
    model = make_pipeline(columns, LogisticRegression(max_iter=9000)).fit(frame, TWO)
    types = [
        ("a", FloatTensorType([None, 1])),
        ("n", Int64TensorType([None, 1])),
        ("plan", StringTensorType([None, 1])),
    ]
    engine = engine_of(model, None, initial_types=types, options={"zipmap": False})
    assert [(entry.name, str(entry.type), entry.columns) for entry in engine.inputs] == [
        ("a", "float", None),
        ("n", "int", None),
        ("plan", "string", None),
    ]
    table = np.array(frame.to_numpy(), dtype=object)
    answer = engine.predict(table, ["label", "probability"])
    assert np.array_equal(answer["label"], model.predict(frame))
    np.testing.assert_allclose(answer["probability"], model.predict_proba(frame), atol=1e-4)


def test_rows_may_be_of_any_shape_and_outputs_keep_their_names() -> None:
    data = graph(
        helper.make_node("Flatten", ["image"], ["flat"]),
        helper.make_node("ReduceMax", ["flat"], ["brightest"], axes=[1], keepdims=1),
        takes=[tensor("image", TensorProto.FLOAT, "n", 2, 3)],
        gives=[tensor("flat", TensorProto.FLOAT, "n", 6), tensor("brightest", TensorProto.FLOAT, "n", 1)],
    )
    engine = OnnxEngine(data, "m.onnx")
    assert [(entry.name, entry.columns) for entry in engine.inputs] == [("image", 6)]
    table = np.arange(12.0).reshape(2, 6)
    assert [(one.name, one.columns) for one in engine.describe(table)] == [("flat", 6), ("brightest", 1)]
    assert engine.predict(table, ["brightest"])["brightest"].tolist() == [[5.0], [11.0]]


def test_it_is_its_own_reference_and_its_call_is_timed() -> None:
    engine = engine_of(LinearRegression().fit(SINGLE, AMOUNT))
    assert reference_engine(engine) is engine
    choice = choose(engine, engine, ["value"], X[:4])
    assert choice.describe() == "onnx"
    assert engine.cost is not None
    assert engine.cost.of(1) < 0.01


def test_what_is_too_large_for_a_float_becomes_infinity_without_a_warning() -> None:
    engine = engine_of(LinearRegression().fit(SINGLE, AMOUNT))
    assert not np.isfinite(engine.predict(np.full((1, 5), 1e300), ["value"])["value"]).any()


SAME = helper.make_node("Identity", ["x"], ["y"])
Y = tensor("y", TensorProto.FLOAT, "n", 2)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"no protobuf", "cannot be loaded as ONNX"),
        (b"", "cannot be loaded as ONNX"),
        (
            graph(
                SAME,
                takes=[tensor("x", TensorProto.FLOAT, 1, 2)],
                gives=[tensor("y", TensorProto.FLOAT, 1, 2)],
            ),
            r"takes exactly 1 row\(s\) a call in input 'x': export it with a free first dimension",
        ),
        (
            graph(SAME, takes=[tensor("x", TensorProto.FLOAT, "n", "k")], gives=[Y]),
            "does not say how many columns input 'x' has",
        ),
        (
            graph(
                SAME,
                takes=[tensor("x", TensorProto.UINT8, "n", 2)],
                gives=[tensor("y", TensorProto.UINT8, "n", 2)],
            ),
            r"takes input 'x' of type tensor\(uint8\), which a request cannot carry",
        ),
    ],
    ids=["text", "empty", "one row", "any width", "bytes"],
)
def test_what_cannot_be_served_says_why(data: bytes, sentence: str) -> None:
    with pytest.raises(BundleError, match=f"'model.onnx' {sentence}"):
        OnnxEngine(data, "model.onnx")


def test_an_output_without_a_row_each_is_refused() -> None:
    data = graph(
        helper.make_node("ReduceSum", ["x"], ["y"], keepdims=0),
        takes=[tensor("x", TensorProto.FLOAT, "n", 2)],
        gives=[tensor("y", TensorProto.FLOAT)],
    )
    with pytest.raises(BundleError, match="it must have a row each"):
        OnnxEngine(data, "m.onnx").describe(np.ones((3, 2)))
