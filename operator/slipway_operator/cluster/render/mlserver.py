"""What KServe's webhook would tell MLServer, were the runtime called ``kserve-mlserver`` as KServe's own is.

The copy that a revision gets has another name (and older KServe goes by the name alone), so that it is told here where
the model lies and which of MLServer's classes loads it.
"""

from slipway_operator.cluster.render.common import Json

SERVER_TYPE = "serving.kserve.io/server-type"
NAME, URI, IMPLEMENTATION = "MLSERVER_MODEL_NAME", "MLSERVER_MODEL_URI", "MLSERVER_MODEL_IMPLEMENTATION"
MODELS = "/mnt/models"
"""Where KServe puts the model."""
_BY_LABEL = "{{.Labels.modelClass}}"
_CLASSES = {
    "sklearn": "mlserver_sklearn.SKLearnModel",
    "xgboost": "mlserver_xgboost.XGBoostModel",
    "lightgbm": "mlserver_lightgbm.LightGBMModel",
    "mlflow": "mlserver_mlflow.MLflowRuntime",
}


def is_mlserver(source: Json) -> bool:
    """Whether a (Cluster)ServingRuntime is one that KServe takes for MLServer."""
    metadata = source["metadata"]
    kind: str | None = metadata.get("annotations", {}).get(SERVER_TYPE)
    return kind == "mlserver" if kind else metadata["name"] == "kserve-mlserver"


def told(container: Json, model_format: str) -> dict[str, str]:
    """The environment to add to the serving container: what it does not say itself."""
    given = {part["name"]: part.get("value", "") for part in container.get("env", [])}
    wanted = {URI: MODELS}
    # A label of the InferenceService that only KServe's webhook sets. Where its class is not known, KServe takes this.
    if given.get(IMPLEMENTATION, _BY_LABEL) == _BY_LABEL:
        given.pop(IMPLEMENTATION, None)
        wanted[IMPLEMENTATION] = _CLASSES.get(model_format, _CLASSES["sklearn"])
    return {name: value for name, value in wanted.items() if name not in given}
