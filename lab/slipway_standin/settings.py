"""What the stand-in is told at start: the part of KServe's ``inferenceservice-config`` that matters here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """How InferenceServices are exposed and read.

    ``gateway``: ``namespace/name`` of the Gateway that routes attach to. ``domain``: what host names end in.
    ``default_mode``: the deployment mode of an InferenceService that names none.
    """

    gateway: str = "kserve/kserve-ingress-gateway"
    domain: str = "example.test"
    default_mode: str = "Standard"

    def host(self, name: str, namespace: str) -> str:
        """The public host name of a component, by KServe's default template."""
        return f"{name}-{namespace}.{self.domain}"

    def url(self, name: str, namespace: str) -> str:
        """The public address of a component."""
        return f"http://{self.host(name, namespace)}"
