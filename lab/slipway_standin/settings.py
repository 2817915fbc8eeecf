"""What the stand-in is told at start: the part of KServe's ``inferenceservice-config`` that matters here."""

from dataclasses import dataclass

LONGEST_LABEL = 63  # RFC 1035, section 2.3.4


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

    def why_no_host(self, name: str, namespace: str) -> str | None:
        """Why this component has no host name that DNS takes, in KServe's words; None if it has one."""
        label = f"{name}-{namespace}"
        if len(label) <= LONGEST_LABEL:
            return None
        return (
            f'failed creating host name: invalid domain name "{self.host(name, namespace)}":'
            f' url: Invalid value: "{label}": must be no more than {LONGEST_LABEL} characters'
        )

    def url(self, name: str, namespace: str) -> str:
        """The public address of a component."""
        return f"http://{self.host(name, namespace)}"
