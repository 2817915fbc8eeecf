"""MLServer in a revision's copy of its runtime: told what KServe's webhook tells the original alone."""

import pytest
from tests.unit.operator.cluster.test_render import rendered_container, runtime

STOCK = [
    {"name": "MLSERVER_MODEL_IMPLEMENTATION", "value": "{{.Labels.modelClass}}"},
    {"name": "MLSERVER_HTTP_PORT", "value": "8080"},
]
TYPED = {"serving.kserve.io/server-type": "mlserver"}


def environment(source, model_format="sklearn"):
    model = {"uri": "pvc://models/2", "format": model_format, "digest": "sha256:" + "a" * 64}
    return {part["name"]: part["value"] for part in rendered_container(source, model=model)["env"]}


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(runtime(name="kserve-mlserver", env=STOCK), id="by its name"),
        pytest.param(runtime(TYPED, name="ours", env=STOCK), id="by KServe's annotation"),
        pytest.param(runtime(TYPED, name="ours"), id="with no environment of its own"),
    ],
)
def test_it_is_told_the_name_the_place_and_the_class(source):
    told = environment(source)
    told.pop("MLSERVER_HTTP_PORT", None)
    assert told == {
        "MLSERVER_MODEL_NAME": "churn",
        "MLSERVER_MODEL_URI": "/mnt/models",
        "MLSERVER_MODEL_IMPLEMENTATION": "mlserver_sklearn.SKLearnModel",
    }


@pytest.mark.parametrize(
    ("model_format", "implementation"),
    [
        ("xgboost", "mlserver_xgboost.XGBoostModel"),
        ("lightgbm", "mlserver_lightgbm.LightGBMModel"),
        ("mlflow", "mlserver_mlflow.MLflowRuntime"),
    ],
)
def test_the_class_goes_by_the_format(model_format, implementation):
    told = environment(runtime(name="kserve-mlserver", env=STOCK), model_format)
    assert told["MLSERVER_MODEL_IMPLEMENTATION"] == implementation


def test_what_the_runtime_says_itself_stays():
    own = {"MLSERVER_MODEL_IMPLEMENTATION": "ours.Model", "MLSERVER_MODEL_URI": "/mnt/models/deep"}
    source = runtime(TYPED, env=[{"name": name, "value": value} for name, value in own.items()])
    assert own.items() <= environment(source).items()


def test_a_server_of_another_type_is_none_whatever_its_name():
    source = runtime({"serving.kserve.io/server-type": "triton"}, name="kserve-mlserver", env=STOCK)
    assert rendered_container(source)["env"] == STOCK
