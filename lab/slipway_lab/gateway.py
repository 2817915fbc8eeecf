"""Envoy Gateway with real Envoy, installed with Helm from its own chart, and the Gateway that models answer on."""

import string
from pathlib import Path
from typing import Any

from slipway_lab.addresses import GATEWAY_NAME, GATEWAY_NAMESPACE
from slipway_lab.cache import digest_of
from slipway_lab.errors import LabError
from slipway_lab.images import Image
from slipway_lab.lab import MANIFESTS, Lab, is_true
from slipway_lab.steps import Task

NAMESPACE = "envoy-gateway-system"
RELEASE = "envoy-gateway"


def install_definitions(lab: Lab) -> None:
    """Apply the custom resource definitions of Gateway API and of Envoy Gateway."""
    digest = digest_of(lab.cache.crds)
    if lab.done_before("definitions", digest):
        return
    for name in ("gateway-api", "envoy-gateway"):
        lab.apply(lab.cache.crds / name)
    lab.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
    lab.mark_done("definitions", digest)


def install(lab: Lab, image: Image, task: Task) -> None:
    """Install or upgrade the chart, apply the Gateway and wait until Envoy serves it."""
    chart, manifest = _chart(lab, image), MANIFESTS / "gateway.yaml"
    digest = digest_of(Path(chart), manifest, image.reference)
    if lab.done_before("gateway", digest) and _programmed(lab):
        return
    values = lab.configure("gateway-values.json", _values(image))
    task.note("installing the chart")
    helm: list[str | Path] = [
        *lab.launcher.enter(),
        lab.program("helm"),
        f"--kubeconfig={lab.paths.kubeconfig_inside}",
    ]
    flags: list[str | Path] = [
        "--namespace",
        NAMESPACE,
        "--create-namespace",
        "--skip-crds",
        "--values",
        values,
        "--timeout",
        "3m",
    ]
    _unlock(lab)
    task.run([*helm, "upgrade", "--install", RELEASE, chart, *flags, "--wait"], env=_helm_environment(lab))
    task.note("waiting for Envoy")
    lab.apply(string.Template(manifest.read_text()).substitute(image=image.reference))
    lab.wait(lambda: _programmed(lab), "the Gateway was not programmed", 120)
    lab.mark_done("gateway", digest)


def address(lab: Lab) -> tuple[str, int]:
    """Where Envoy's Service answers inside the lab."""
    selector = f"gateway.envoyproxy.io/owning-gateway-name={GATEWAY_NAME}"
    services = lab.items("service", "--namespace", NAMESPACE, "--selector", selector)
    if not services:
        raise LabError(
            "Envoy Gateway made no Service for the Gateway: see `kubectl -n envoy-gateway-system get all`"
        )
    return services[0]["spec"]["clusterIP"], 80


def _chart(lab: Lab, image: Image) -> str:
    """The chart with the placeholders of its values filled in."""
    folder = lab.cache.charts / "gateway-helm"
    values = string.Template((folder / "values.tmpl.yaml").read_text())
    filled = values.safe_substitute(GatewayImage=image.reference, GatewayImagePullPolicy="Never")
    (folder / "values.yaml").write_text(filled)
    return str(folder)


def _values(image: Image) -> dict[str, Any]:
    kubernetes = {"shutdownManager": {"image": image.reference}}
    return {
        "crds": {"enabled": False},
        "config": {"envoyGateway": {"provider": {"type": "Kubernetes", "kubernetes": kubernetes}}},
    }


def _unlock(lab: Lab) -> None:
    """An ``up`` that died during Helm's work leaves a release that says it is still being worked on."""
    selector = f"owner=helm,name={RELEASE},status in (pending-install,pending-upgrade,pending-rollback)"
    lab.kubectl("delete", "secret", "--namespace", NAMESPACE, "--selector", selector, "--ignore-not-found")


def _helm_environment(lab: Lab) -> dict[str, str]:
    home = lab.paths.config / "helm"
    return dict(lab.environment) | {f"HELM_{name}_HOME": str(home) for name in ("CACHE", "CONFIG", "DATA")}


def _programmed(lab: Lab) -> bool:
    return is_true(lab.get("gateway", GATEWAY_NAME, "--namespace", GATEWAY_NAMESPACE), "Programmed")
