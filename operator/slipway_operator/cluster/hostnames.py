"""The host names that a ModelDeployment's route takes for clients outside, and so claims."""

from slipway_operator.api.spec import Traffic
from slipway_operator.settings import Settings


def external_hostnames(settings: Settings, name: str, namespace: str, traffic: Traffic | None) -> list[str]:
    """The spec's own, else the one made at install's template."""
    own = traffic.hostnames if traffic else None
    return list(own) if own else [settings.hostname(name, namespace)]
