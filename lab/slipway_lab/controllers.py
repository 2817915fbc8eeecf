"""etcd, the API server, the controller manager and the scheduler: the control plane, as plain processes."""

from pathlib import Path

from slipway_lab import credentials, metrics
from slipway_lab.addresses import (
    API_PORT,
    API_URL,
    ETCD_PORT,
    NODE_ADDRESS,
    SERVICE_ADDRESS,
)
from slipway_lab.controlplane import ApiServer, etcd
from slipway_lab.errors import LabError
from slipway_lab.lab import Lab


def make_credentials(lab: Lab) -> None:
    """Keys, tokens and one kubeconfig for each component."""
    made = credentials.create(lab.credentials.folder, [NODE_ADDRESS, SERVICE_ADDRESS, "127.0.0.1"])
    for user in credentials.USERS:
        credentials.kubeconfig(lab.paths.config / f"{user}.kubeconfig", API_URL, made, user)
    credentials.kubeconfig(lab.paths.kubeconfig_inside, API_URL, made, "admin")


def start_api(lab: Lab) -> None:
    """Start etcd and the API server and wait until it is ready."""
    lab.launcher.ensure("etcd", etcd(lab.program("etcd"), lab.paths.node / "etcd", ETCD_PORT, ETCD_PORT + 1))
    made = lab.credentials
    server = ApiServer(lab.program("kube-apiserver"), made, NODE_ADDRESS, API_PORT, ETCD_PORT)
    kubelet = [
        "--authorization-mode=Node,RBAC",
        "--kubelet-preferred-address-types=InternalIP",
        f"--kubelet-client-certificate={made.certificate('kubelet-client')}",
        f"--kubelet-client-key={made.key('kubelet-client')}",
    ]
    lab.launcher.ensure("kube-apiserver", server.command([*kubelet, *metrics.api_flags(lab)]))
    lab.wait_for("kube-apiserver", lambda: _ready(lab), "the API server was not ready", 120)


def start_controllers(lab: Lab) -> None:
    """Start the controller manager and the scheduler."""
    made = lab.credentials
    manager: list[str | Path] = [
        lab.program("kube-controller-manager"),
        f"--kubeconfig={lab.paths.config / 'controller-manager.kubeconfig'}",
        f"--service-account-private-key-file={made.service_account_key}",
        f"--root-ca-file={made.authority}",
        "--use-service-account-credentials",
        "--allocate-node-cidrs=false",
        "--leader-elect=false",
        f"--cert-dir={lab.paths.config / 'controller-manager'}",
        *metrics.AUTOSCALER_FLAGS,
    ]
    scheduler: list[str | Path] = [
        lab.program("kube-scheduler"),
        f"--kubeconfig={lab.paths.config / 'scheduler.kubeconfig'}",
        "--leader-elect=false",
        f"--cert-dir={lab.paths.config / 'scheduler'}",
    ]
    lab.launcher.ensure("kube-controller-manager", manager)
    lab.launcher.ensure("kube-scheduler", scheduler)


def _ready(lab: Lab) -> bool:
    try:
        lab.kubectl("get", "--raw", "/readyz")
    except LabError:
        return False
    return True
