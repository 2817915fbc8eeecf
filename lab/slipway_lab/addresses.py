"""Names, addresses and ports inside the lab's network; every lab uses the same, each in a namespace of its own."""

NODE_NAME = "lab"
NODE_ADDRESS = "10.77.0.10"
POD_RANGE = "10.88.0.0/16"
SERVICE_RANGE = "10.96.0.0/16"
SERVICE_ADDRESS = "10.96.0.1"
"""The first of the range: what ``kubernetes.default.svc`` stands for."""
CLUSTER_DOMAIN = "cluster.local"

API_PORT = 6443
ETCD_PORT = 2379
METRICS_PORT = 4443
WEBHOOK_PORT = 9443
KSERVE_METRICS_PORT = 8085
KSERVE_HEALTH_PORT = 8086

GATEWAY_NAMESPACE, GATEWAY_NAME = "kserve", "kserve-ingress-gateway"
API_URL = f"https://{NODE_ADDRESS}:{API_PORT}"
