"""The kinds of objects the stand-in reads and writes, and where the API server keeps them."""

from dataclasses import dataclass

from slipway_standin import names


@dataclass(frozen=True)
class Kind:
    """One resource of the API: ``prefix`` is ``api/v1`` or ``apis/GROUP/VERSION``."""

    prefix: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The path of one object, or without a name of the collection (of all namespaces without one)."""
        place = ["namespaces", namespace] if self.namespaced and namespace else []
        parts = [self.prefix, *place, self.plural, name, subresource]
        return "/" + "/".join(part for part in parts if part)


ISVC = Kind(f"apis/{names.GROUP}/v1beta1", "inferenceservices")
RUNTIME = Kind(f"apis/{names.GROUP}/v1alpha1", "servingruntimes")
CLUSTER_RUNTIME = Kind(f"apis/{names.GROUP}/v1alpha1", "clusterservingruntimes", namespaced=False)
DEPLOYMENT = Kind("apis/apps/v1", "deployments")
SERVICE = Kind("api/v1", "services")
POD = Kind("api/v1", "pods")
SECRET = Kind("api/v1", "secrets")
NAMESPACE = Kind("api/v1", "namespaces", namespaced=False)
HPA = Kind("apis/autoscaling/v2", "horizontalpodautoscalers")
ROUTE = Kind("apis/gateway.networking.k8s.io/v1", "httproutes")
MUTATING_WEBHOOK = Kind(
    "apis/admissionregistration.k8s.io/v1", "mutatingwebhookconfigurations", namespaced=False
)
VALIDATING_WEBHOOK = Kind(
    "apis/admissionregistration.k8s.io/v1", "validatingwebhookconfigurations", namespaced=False
)
