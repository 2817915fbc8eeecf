"""metrics-server: what the pods use, for the HorizontalPodAutoscalers; a process of the node behind the API server.

The autoscaler itself is part of the controller manager. In the lab it looks more often than in other clusters, so that
who tries it sees something within a minute.
"""

import base64
from pathlib import Path
from string import Template

from slipway_lab import credentials
from slipway_lab.addresses import METRICS_PORT, NODE_ADDRESS
from slipway_lab.lab import MANIFESTS, Lab, is_true

PROXY, SERVING = "aggregator", "metrics-server"
API = "v1beta1.metrics.k8s.io"
HOST = "metrics-server.kube-system.svc"
AUTOSCALER_FLAGS = (
    "--horizontal-pod-autoscaler-sync-period=5s",
    "--horizontal-pod-autoscaler-downscale-stabilization=20s",
    "--horizontal-pod-autoscaler-cpu-initialization-period=10s",
    "--horizontal-pod-autoscaler-initial-readiness-delay=5s",
)


def api_flags(lab: Lab) -> list[str]:
    """How the API server proves to metrics-server that it asks for somebody."""
    made = _certificates(lab)
    return [
        f"--proxy-client-cert-file={made.certificate(PROXY)}",
        f"--proxy-client-key-file={made.key(PROXY)}",
        f"--requestheader-client-ca-file={made.authority}",
        f"--client-ca-file={made.authority}",
        f"--requestheader-allowed-names={PROXY}",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--enable-aggregator-routing=true",
    ]


def start(lab: Lab) -> None:
    """Start it and tell the API server."""
    made, kubeconfig = _certificates(lab), lab.paths.config / "metrics.kubeconfig"
    command: list[str | Path] = [
        lab.program("metrics-server"),
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        f"--bind-address={NODE_ADDRESS}",
        f"--secure-port={METRICS_PORT}",
        f"--tls-cert-file={made.certificate(SERVING)}",
        f"--tls-private-key-file={made.key(SERVING)}",
        "--kubelet-insecure-tls",
        "--kubelet-preferred-address-types=InternalIP",
        f"--kubelet-client-certificate={made.certificate('kubelet-client')}",
        f"--kubelet-client-key={made.key('kubelet-client')}",
        "--metric-resolution=10s",
        "--kubelet-request-timeout=5s",
    ]
    lab.launcher.ensure("metrics-server", command)
    authority = base64.b64encode(made.authority.read_bytes()).decode()
    manifest = Template((MANIFESTS / "metrics.yaml").read_text())
    lab.apply(manifest.substitute(port=METRICS_PORT, address=NODE_ADDRESS, authority=authority))
    lab.wait_for(
        "metrics-server",
        lambda: is_true(lab.get("apiservice", API), "Available"),
        "the API server does not reach metrics-server",
        60,
    )


def _certificates(lab: Lab) -> credentials.Credentials:
    made = lab.credentials
    for name, hosts in ((PROXY, []), (SERVING, [HOST, NODE_ADDRESS])):
        if not made.certificate(name).exists():
            credentials.issue(made, name, hosts)
    return made
