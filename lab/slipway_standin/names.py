"""KServe's own words: annotation and label keys, names of containers and volumes, names of made objects."""

GROUP = "serving.kserve.io"
FINALIZER = "inferenceservice.finalizers"

DEPLOYMENT_MODE = "serving.kserve.io/deploymentMode"
AUTOSCALER_CLASS = "serving.kserve.io/autoscalerClass"
STOP = "serving.kserve.io/stop"
DISABLE_AUTO_UPDATE = "serving.kserve.io/disable-auto-update"
STORAGE_READONLY = "storage.kserve.io/readonly"
STORAGE_SOURCE = "internal.serving.kserve.io/storage-initializer-sourceuri"
MODEL_FORMAT = "modelFormat"
METRIC_AGGREGATION = "serving.kserve.io/enable-metric-aggregation"
PROMETHEUS_SCRAPING = "serving.kserve.io/enable-prometheus-scraping"

VISIBILITY = "networking.kserve.io/visibility"
CLUSTER_LOCAL = "cluster-local"
ISVC_LABEL = "serving.kserve.io/inferenceservice"
COMPONENT_LABEL = "component"

# Annotations of an InferenceService that are about the object itself and go no further.
NOT_INHERITED = frozenset(
    {
        "autoscaling.knative.dev/min-scale",
        "autoscaling.knative.dev/max-scale",
        STORAGE_SOURCE,
        "kubectl.kubernetes.io/last-applied-configuration",
        MODEL_FORMAT,
    }
)

MODEL_CONTAINER = "kserve-container"
INITIALIZER = "storage-initializer"
INITIALIZER_IMAGE = "kserve/storage-initializer:latest"
INITIALIZER_VOLUME = "kserve-provision-location"
PVC_VOLUME = "kserve-pvc-source"
MODEL_MOUNT = "/mnt/models"

STANDARD = "Standard"
MODES_BY_OLD_NAME = {"RawDeployment": STANDARD, "Serverless": "Knative"}
MODES = frozenset({STANDARD, "Knative", "ModelMesh"})
PREDICTOR = "predictor"
TRANSFORMER = "transformer"
AUTOSCALERS = ("hpa", "external", "keda", "none")


def predictor_name(isvc: str, predictor: str = "") -> str:
    """The name of a predictor's Deployment, Service and HPA: ``m-predictor``, or ``m-v2-predictor`` when named."""
    return f"{isvc}-{predictor}-predictor" if predictor else f"{isvc}-predictor"


def transformer_name(isvc: str) -> str:
    """The name of a transformer's Deployment, Service and HPA."""
    return f"{isvc}-transformer"


def app_label(component: str) -> str:
    """The value of the ``app`` label that selects a component's pods."""
    return f"isvc.{component}"


def current_mode(mode: str) -> str:
    """A deployment mode by its present name (RawDeployment became Standard, Serverless became Knative)."""
    return MODES_BY_OLD_NAME.get(mode, mode)
