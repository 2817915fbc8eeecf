"""Every name that the operator writes into a cluster, in one place.

Labels find objects, annotations explain them; ``FINGERPRINT`` names below are what users see in kubectl.
"""

GROUP = "slipway.dev"
VERSION = "v1alpha1"
KIND = "ModelDeployment"
PLURAL = "modeldeployments"
API_VERSION = f"{GROUP}/{VERSION}"
POLICY_KIND, POLICY_PLURAL = "RolloutPolicy", "rolloutpolicies"
CLUSTER_POLICY_KIND, CLUSTER_POLICY_PLURAL = "ClusterRolloutPolicy", "clusterrolloutpolicies"

FIELD_MANAGER = "slipway"

# Labels: on every object the operator makes, and through KServe on the pods.
LABEL_DEPLOYMENT = f"{GROUP}/deployment"
LABEL_REVISION = f"{GROUP}/revision"
LABEL_SOURCE = f"{GROUP}/source"  # on Secrets that may be sent to sources of evidence
LABEL_MANAGED_BY = "app.kubernetes.io/managed-by"

# Annotations on a revision's objects.
ANNOTATION_RUNTIME = f"{GROUP}/runtime"  # the (Cluster)ServingRuntime that was copied: Kind/name
ANNOTATION_RUNTIME_HASH = f"{GROUP}/runtime-hash"  # what it held when it was copied

# Annotations on a revision's record: what it is, and hashes of what its objects held when they were made.
ANNOTATION_IDENTITY = f"{GROUP}/identity"
ANNOTATION_SERVICE_SPEC = f"{GROUP}/service-spec"
ANNOTATION_RUNTIME_SPEC = f"{GROUP}/runtime-spec"

# Annotations on a ServingRuntime: how it wants to be told things, "env:NAME" or "arg:--flag".
ANNOTATION_MODEL_NAME = f"{GROUP}/model-name"
ANNOTATION_MODEL_VERSION = f"{GROUP}/model-version"
ANNOTATION_MODEL_DIGEST = f"{GROUP}/model-digest"
ANNOTATION_REVISION = f"{GROUP}/revision-name"
ANNOTATION_ALLOW_UNVERIFIED = f"{GROUP}/allow-unverified"
# Where its pods answer Slipway's predictor metrics: "<port>/<path>".
ANNOTATION_METRICS = f"{GROUP}/metrics"

# The port on which its pods answer Slipway's operator: contract, golden rows, digest.
ANNOTATION_ADMIN = f"{GROUP}/admin"

# Annotations on a ModelDeployment: commands, each with any id as value; abort first, for it beats the others.
COMMANDS = ("abort", "rollback", "promote-full", "promote", "pause", "resume", "retry")

# The response header that names the revision that answered; in a request, with the query parameter, it asks for one.
HEADER_REVISION = "x-slipway-revision"
QUERY_REVISION = "slipway-revision"

# KServe's own.
KSERVE_GROUP = "serving.kserve.io"
KSERVE_MODE = f"{KSERVE_GROUP}/deploymentMode"
KSERVE_AUTOSCALER = f"{KSERVE_GROUP}/autoscalerClass"
KSERVE_VISIBILITY = "networking.kserve.io/visibility"
KSERVE_COMPONENT = "component"  # a label on pods: predictor or transformer
PREDICTOR = "predictor"
COMPONENTS = (PREDICTOR, "transformer")
KSERVE_CONTAINER = "kserve-container"


def revision_object(deployment: str, revision: str) -> str:
    """The name of a revision's InferenceService, of its ServingRuntime and of its record."""
    return f"{deployment}-{revision}"


def entry_service(deployment: str, revision: str, component: str = "predictor") -> str:
    """The Service (and Deployment) that KServe makes for a component of a revision."""
    return f"{revision_object(deployment, revision)}-{component}"
