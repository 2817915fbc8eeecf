"""The lab as a target: started, and brought up to date, by its own ``up``."""

from pathlib import Path

from slipway_demo.target import Target
from slipway_lab.paths import Paths
from slipway_lab.state import State
from slipway_lab.up import up

GATEWAY = "kserve/kserve-ingress-gateway"


def lab_target() -> Target:
    """The lab, running."""
    return target_of(up())


def target_of(lab: State) -> Target:
    """A running lab as a target."""
    programs = Path(lab.bin)
    return Target(
        title="the lab: a single-node Kubernetes of this checkout",
        kubectl=[str(programs / "kubectl"), "--kubeconfig", lab.kubeconfig],
        helm=[str(programs / "helm"), "--kubeconfig", lab.kubeconfig],
        gateway=GATEWAY,
        operator_image=lab.images["operator"],
        predictor_image=lab.images["predictor"],
        url=f"http://127.0.0.1:{lab.gateway_port}",
        host_folder=Paths.here().lab / "models",
    )
