"""A kind cluster as a target, for machines with Docker and a network. Thin: KServe's and Envoy Gateway's own charts.

This path needs an image registry and could not be run where the rest of the project is tested.
"""

import subprocess

from slipway_demo.target import CHECKOUT, DemoError, Target

CLUSTER = "slipway"
CONTEXT = f"kind-{CLUSTER}"
GATEWAY = "kserve/kserve-ingress-gateway"
IMAGES = {"operator": "slipway-operator:demo", "predictor": "slipway-predictor:demo"}
ENVOY_GATEWAY, KSERVE, CERT_MANAGER = "v1.9.1", "v0.21.0", "v1.20.0"


def docker_answers() -> bool:
    """Whether a Docker engine runs here."""
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


def kind_target() -> Target:
    """The cluster, made where it is missing, with everything Slipway needs in it."""
    clusters = _run("kind", "get", "clusters").split()
    if CLUSTER not in clusters:
        _run("kind", "create", "cluster", "--name", CLUSTER, "--config", str(CHECKOUT / "kind-config.yaml"))
    for name, image in IMAGES.items():
        _run("docker", "build", "-t", image, "-f", str(CHECKOUT / name / "Dockerfile"), str(CHECKOUT))
        _run("kind", "load", "docker-image", image, "--name", CLUSTER)
    _install()
    return Target(
        title=f"the kind cluster {CLUSTER}",
        kubectl=["kubectl", "--context", CONTEXT],
        helm=["helm", "--kube-context", CONTEXT],
        gateway=GATEWAY,
        operator_image=IMAGES["operator"],
        predictor_image=IMAGES["predictor"],
    )


def _install() -> None:
    """Envoy Gateway, cert-manager (KServe's webhooks need it) and KServe in Standard mode behind the Gateway API."""
    _chart("eg", "oci://docker.io/envoyproxy/gateway-helm", ENVOY_GATEWAY, "envoy-gateway-system")
    _chart(
        "cert-manager",
        "oci://quay.io/jetstack/charts/cert-manager",
        CERT_MANAGER,
        "cert-manager",
        "crds.enabled=true",
    )
    _run("kubectl", "--context", CONTEXT, "apply", "-f", str(CHECKOUT / "demo/kind-gateway.yaml"))
    _chart("kserve-crd", "oci://ghcr.io/kserve/charts/kserve-crd", KSERVE, "kserve")
    _chart(
        "kserve",
        "oci://ghcr.io/kserve/charts/kserve-resources",
        KSERVE,
        "kserve",
        "kserve.controller.deploymentMode=Standard",
        "kserve.controller.gateway.ingressGateway.enableGatewayApi=true",
        f"kserve.controller.gateway.ingressGateway.kserveGateway={GATEWAY}",
    )


def _chart(release: str, chart: str, version: str, namespace: str, *values: str) -> None:
    settings = [part for value in values for part in ("--set", value)]
    _run(
        "helm", "--kube-context", CONTEXT, "upgrade", "--install", release, chart, "--version", version,
        "--namespace", namespace, "--create-namespace", "--wait", "--timeout", "10m", *settings,
    )  # fmt: skip


def _run(*command: str) -> str:
    print(f"  {' '.join(command)}", flush=True)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise DemoError(f"`{' '.join(command[:4])} …` failed (see above)")
    return done.stdout
