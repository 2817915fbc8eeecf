"""The kinds of objects that the operator reads or writes, and their paths in the API."""

from dataclasses import dataclass

from slipway_operator.api import names


@dataclass(frozen=True)
class Kind:
    """One kind of Kubernetes object."""

    group: str
    version: str
    plural: str
    name: str

    @property
    def api_version(self) -> str:
        """As in the object's ``apiVersion``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(
        self, namespace: str | None = None, name: str | None = None, subresource: str | None = None
    ) -> str:
        """The path of a collection, an object, or a part of one."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        place = f"/namespaces/{namespace}" if namespace else ""
        tail = "".join(f"/{part}" for part in (name, subresource) if part)
        return f"{root}{place}/{self.plural}{tail}"


MODEL_DEPLOYMENT = Kind(names.GROUP, names.VERSION, names.PLURAL, names.KIND)
ROLLOUT_POLICY = Kind(names.GROUP, names.VERSION, names.POLICY_PLURAL, names.POLICY_KIND)
CLUSTER_ROLLOUT_POLICY = Kind(
    names.GROUP, names.VERSION, names.CLUSTER_POLICY_PLURAL, names.CLUSTER_POLICY_KIND
)
INFERENCE_SERVICE = Kind(names.KSERVE_GROUP, "v1beta1", "inferenceservices", "InferenceService")
SERVING_RUNTIME = Kind(names.KSERVE_GROUP, "v1alpha1", "servingruntimes", "ServingRuntime")
CLUSTER_SERVING_RUNTIME = Kind(
    names.KSERVE_GROUP, "v1alpha1", "clusterservingruntimes", "ClusterServingRuntime"
)
HTTP_ROUTE = Kind("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute")
GRPC_ROUTE = Kind("gateway.networking.k8s.io", "v1", "grpcroutes", "GRPCRoute")
GATEWAY = Kind("gateway.networking.k8s.io", "v1", "gateways", "Gateway")
CONTROLLER_REVISION = Kind("apps", "v1", "controllerrevisions", "ControllerRevision")
TRAFFIC_POLICY = Kind("gateway.envoyproxy.io", "v1alpha1", "backendtrafficpolicies", "BackendTrafficPolicy")
DEPLOYMENT = Kind("apps", "v1", "deployments", "Deployment")
POD = Kind("", "v1", "pods", "Pod")
SERVICE = Kind("", "v1", "services", "Service")
CLAIM = Kind("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim")
JOB = Kind("batch", "v1", "jobs", "Job")
SECRET = Kind("", "v1", "secrets", "Secret")
EVENT = Kind("", "v1", "events", "Event")
LEASE = Kind("coordination.k8s.io", "v1", "leases", "Lease")
