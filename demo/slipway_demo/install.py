"""Slipway, installed as a user does it: the Helm chart."""

from urllib.parse import urlsplit

from slipway_demo.target import CHECKOUT, Target

RELEASE = NAMESPACE = "slipway"
DOMAIN = (
    "localhost"  # *.localhost is this machine for curl and browsers, so that status.url works when pasted
)


def install(target: Target, *extra: str) -> None:
    """Install or upgrade the chart and wait until the operator runs."""
    gateway_namespace, _, gateway = target.gateway.partition("/")
    values = {
        "gateway.namespace": gateway_namespace,
        "gateway.name": gateway,
        "domain": DOMAIN,
        "urlPort": str(urlsplit(target.url).port or 0),
        **_image("operator.image", target.operator_image),
        **_image("runtime.image", target.predictor_image),
    }
    settings = [part for key, value in values.items() for part in ("--set", f"{key}={value}")]
    target.run_helm(
        "upgrade", "--install", RELEASE, str(CHECKOUT / "charts/slipway"),
        "--namespace", NAMESPACE, "--create-namespace", "--wait", "--timeout", "3m", *settings, *extra,
    )  # fmt: skip


def _image(key: str, reference: str) -> dict[str, str]:
    repository, _, tag = reference.rpartition(":")
    return {f"{key}.repository": repository, f"{key}.tag": tag}
