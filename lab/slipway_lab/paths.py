"""Where the lab keeps things: one folder for each running lab, one cache shared by all of them.

A lab is identified by its folder, so that two checkouts (or two ``SLIPWAY_LAB_DIR``) never meet: the
identifier names the namespaces' folder under /run, the cgroup and nothing else.
"""

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def lab_dir() -> Path:
    """The folder of this checkout's lab; ``SLIPWAY_LAB_DIR`` puts a second one elsewhere."""
    return Path(os.environ.get("SLIPWAY_LAB_DIR") or CHECKOUT / ".lab").absolute()


def cache_dir() -> Path:
    """The cache of everything that is built once: ``SLIPWAY_CACHE``, or a folder by the XDG convention."""
    if explicit := os.environ.get("SLIPWAY_CACHE"):
        return Path(explicit).absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache").absolute() / "slipway"


@dataclass(frozen=True)
class Paths:
    """Every path of one lab."""

    lab: Path
    cache: Path
    checkout: Path = CHECKOUT

    @classmethod
    def here(cls) -> "Paths":
        """The paths that the environment and this checkout give."""
        return cls(lab=lab_dir(), cache=cache_dir())

    @cached_property
    def name(self) -> str:
        """``slipway-`` and six hex digits of the lab's folder: the name of its namespaces and cgroup."""
        return "slipway-" + hashlib.sha256(str(self.lab).encode()).hexdigest()[:6]

    @property
    def run(self) -> Path:
        """The small tmpfs that pins the lab's namespaces; short, and gone after a reboot."""
        return Path("/run") / self.name

    @property
    def network(self) -> Path:
        """The pinned network namespace: ``nsenter --net=…``."""
        return self.run / "net"

    @property
    def mounts(self) -> Path:
        """The pinned mount namespace: ``nsenter --mount=…``."""
        return self.run / "mnt"

    @property
    def logs(self) -> Path:
        """One log for each process, and below ``steps/`` one for each step of ``up``."""
        return self.lab / "log"

    @property
    def processes(self) -> Path:
        """One record for each process: its own line of /proc/PID/stat; in /run, so that no reboot outdates it."""
        return self.run / "processes"

    @property
    def config(self) -> Path:
        """Configuration files, certificates and tokens; mode 0700."""
        return self.lab / "config"

    @property
    def kubeconfig(self) -> Path:
        """For the ordinary shell: through the relay on 127.0.0.1."""
        return self.lab / "kubeconfig"

    @property
    def kubeconfig_inside(self) -> Path:
        """For programs inside the lab's network: straight to the API server."""
        return self.lab / "kubeconfig-inside"

    @property
    def models(self) -> Path:
        """For models: hostPath volumes may lead here."""
        return self.lab / "models"

    @property
    def lock(self) -> Path:
        """Held by whoever starts or stops the lab."""
        return self.lab / "lock"

    @property
    def state(self) -> Path:
        """What is known of the running lab (see ``state``)."""
        return self.lab / "state.json"

    @property
    def node(self) -> Path:
        """What the node's programs write: kubelet, containerd, pod logs."""
        return self.lab / "node"
