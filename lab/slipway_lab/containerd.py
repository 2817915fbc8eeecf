"""containerd with storage and socket of its own, and the images that are put into it."""

from pathlib import Path
from typing import Any

from slipway_lab import packages
from slipway_lab.addresses import POD_RANGE
from slipway_lab.errors import LabError
from slipway_lab.images import Image
from slipway_lab.lab import Lab
from slipway_lab.paths import Paths

# Without restrict_oom_score_adj a machine that lacks CAP_SYS_RESOURCE cannot start a single sandbox.
CONFIG = """version = 2
root = "{root}"
state = "{state}"
disabled_plugins = ["io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs"]
[grpc]
address = "{socket}"
[ttrpc]
address = "{socket}.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
restrict_oom_score_adj = true
sandbox_image = "{pause}"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{plugins}"
conf_dir = "{networks}"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
"""


def socket(paths: Paths) -> Path:
    """Under /run, since the path of a socket must be short; visible inside and outside the lab."""
    return paths.run / "containerd.sock"


def start(lab: Lab, pause: Image) -> None:
    """Start containerd and wait until it answers."""
    networks = lab.configure("cni/10-lab.conflist", _network()).parent
    config = lab.configure(
        "containerd.toml",
        CONFIG.format(
            root=lab.paths.node / "containerd",
            state=lab.paths.run / "containerd",
            socket=socket(lab.paths),
            pause=pause.reference,
            plugins=packages.cni_plugins(lab.cache),
            networks=networks,
        ),
    )
    _run(lab, config)
    clean = lab.paths.run / "containers-forgotten"
    if not clean.exists() and not lab.launcher.running("kubelet"):
        # Images outlive a cluster, its containers must not: the kubelet would take pains with their remains.
        for container in _ctr(lab, "containers", "ls", "-q").split():
            _ctr(lab, "containers", "rm", container)
        lab.launcher.stop("containerd")
        _run(lab, config)
        clean.touch()


def _run(lab: Lab, config: Path) -> None:
    lab.launcher.ensure("containerd", ["containerd", "--config", config])
    lab.wait_for("containerd", lambda: _answers(lab), "containerd did not answer", 60)


def load(lab: Lab, image: Image) -> None:
    """Import an image from its archive unless it is there."""
    if image.reference not in _ctr(lab, "images", "ls", "-q").split():
        _ctr(lab, "images", "import", str(image.archive(lab.cache)))


def _answers(lab: Lab) -> bool:
    try:
        _ctr(lab, "version")
    except LabError:
        return False
    return True


def _ctr(lab: Lab, *words: str) -> str:
    return lab.inside(["ctr", "--address", socket(lab.paths), "--namespace", "k8s.io", *words])


def _network() -> dict[str, Any]:
    """Pods on one bridge; nothing is masqueraded, since nothing outside can be reached."""
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": POD_RANGE}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": "lab", "plugins": [bridge, portmap]}
