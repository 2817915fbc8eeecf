"""The node: kubelet, kube-proxy and CoreDNS, as plain processes beside containerd."""

from pathlib import Path
from typing import Any

from slipway_lab import containerd
from slipway_lab.addresses import CLUSTER_DOMAIN, NODE_ADDRESS, NODE_NAME, POD_RANGE
from slipway_lab.lab import MANIFESTS, Lab, is_true

COREFILE = """{domain}:53 {{
    bind {address}
    errors
    kubernetes {domain} in-addr.arpa {{
        kubeconfig {kubeconfig}
    }}
}}
"""


def start_kubelet(lab: Lab) -> None:
    """Start the kubelet."""
    lab.configure("resolv.conf", "nameserver 127.0.0.1\n")
    config = lab.configure("kubelet.yaml", _kubelet(lab))
    command: list[str | Path] = [
        lab.program("kubelet"),
        f"--kubeconfig={lab.paths.config / 'kubelet.kubeconfig'}",
        f"--config={config}",
        f"--root-dir={lab.paths.node / 'kubelet'}",
        f"--cert-dir={lab.paths.config / 'kubelet'}",
        f"--hostname-override={NODE_NAME}",
        f"--node-ip={NODE_ADDRESS}",
    ]
    lab.launcher.ensure("kubelet", command)


def start_proxy(lab: Lab) -> None:
    """Start kube-proxy."""
    config = lab.configure("proxy.yaml", _proxy(lab))
    lab.launcher.ensure("kube-proxy", [lab.program("kube-proxy"), f"--config={config}"])


def start_dns(lab: Lab) -> None:
    """Start CoreDNS; it answers for the cluster's own names and for nothing else."""
    kubeconfig = lab.paths.config / "dns.kubeconfig"
    text = COREFILE.format(domain=CLUSTER_DOMAIN, address=NODE_ADDRESS, kubeconfig=kubeconfig)
    corefile = lab.configure("Corefile", text)
    lab.launcher.ensure("coredns", [lab.program("coredns"), "-conf", corefile])


def grant(lab: Lab) -> None:
    """Give kube-proxy and CoreDNS their rights."""
    lab.apply(MANIFESTS / "rbac.yaml")


def wait_ready(lab: Lab) -> None:
    """Wait until the node is Ready."""
    lab.wait_for(
        "kubelet", lambda: is_true(lab.get("node", NODE_NAME), "Ready"), "the node did not become Ready", 120
    )


def _kubelet(lab: Lab) -> dict[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": False},
            "x509": {"clientCAFile": str(lab.credentials.authority)},
        },
        "authorization": {"mode": "AlwaysAllow"},
        "containerRuntimeEndpoint": f"unix://{containerd.socket(lab.paths)}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{lab.paths.name}",
        "enforceNodeAllocatable": [],
        "failCgroupV1": False,
        "failSwapOn": False,
        "oomScoreAdj": 0,
        "resolvConf": str(lab.paths.config / "resolv.conf"),
        "clusterDNS": [NODE_ADDRESS],
        "clusterDomain": CLUSTER_DOMAIN,
        "volumePluginDir": str(lab.paths.node / "volume-plugins"),
        "evictionHard": {"memory.available": "100Mi"},
        # Images come from archives, so one that was collected as garbage could never be pulled again.
        "imageGCHighThresholdPercent": 100,
        "nodeStatusUpdateFrequency": "5s",
        "registryPullQPS": 0,
        "serializeImagePulls": False,
    }


def _proxy(lab: Lab) -> dict[str, Any]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "hostnameOverride": NODE_NAME,
        "clusterCIDR": POD_RANGE,
        "clientConnection": {"kubeconfig": str(lab.paths.config / "proxy.kubeconfig")},
        "conntrack": {"maxPerCore": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "oomScoreAdj": 0,
    }
