"""What is set at install: environment variables, documented here and in the Helm chart's values."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from slipway_operator.api.spec import ParentRef


class SettingsError(Exception):
    """A setting that cannot be; the message names it and says what it takes."""


@dataclass(frozen=True)
class Settings:
    """The operator's settings."""

    gateway: ParentRef | None = None
    """SLIPWAY_GATEWAY, "namespace/name": the Gateway of routes that name none."""
    hostname_template: str = "{name}-{namespace}.{domain}"
    """SLIPWAY_HOSTNAME_TEMPLATE: the host name of a ModelDeployment that names none."""
    domain: str = "example.com"
    """SLIPWAY_DOMAIN: the domain in the template."""
    url_port: int | None = None
    """SLIPWAY_URL_PORT: the port clients outside use, where it is not the Gateway's listener's."""
    gateway_service: str | None = None
    """SLIPWAY_GATEWAY_SERVICE, "namespace/name": the Gateway's Service; by default it is looked for by label."""
    lease: tuple[str, str] | None = None
    """SLIPWAY_LEASE, "namespace/name": the Lease by which one of several operators is the one that acts.

    None: there is no other one, as on somebody's desk."""
    health_port: int = 8081
    """SLIPWAY_HEALTH_PORT: where the liveness probe is answered."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings; raises SettingsError."""
        port = environment.get("SLIPWAY_URL_PORT")
        return cls(
            gateway=_gateway(environment.get("SLIPWAY_GATEWAY")),
            hostname_template=_template(
                environment.get("SLIPWAY_HOSTNAME_TEMPLATE") or cls.hostname_template
            ),
            domain=environment.get("SLIPWAY_DOMAIN") or cls.domain,
            url_port=_port("SLIPWAY_URL_PORT", port) if port else None,
            gateway_service=environment.get("SLIPWAY_GATEWAY_SERVICE") or None,
            lease=_place("SLIPWAY_LEASE", environment.get("SLIPWAY_LEASE")),
            health_port=_port(
                "SLIPWAY_HEALTH_PORT", environment.get("SLIPWAY_HEALTH_PORT") or str(cls.health_port)
            ),
        )

    def hostname(self, name: str, namespace: str) -> str:
        """The host name of a ModelDeployment that names none."""
        return self.hostname_template.format(name=name, namespace=namespace, domain=self.domain)


def _gateway(text: str | None) -> ParentRef | None:
    found = _place("SLIPWAY_GATEWAY", text)
    return ParentRef(namespace=found[0], name=found[1]) if found else None


def _place(variable: str, text: str | None) -> tuple[str, str] | None:
    if not text:
        return None
    namespace, slash, name = text.partition("/")
    if not (namespace and slash and name):
        raise SettingsError(f"{variable} is {text!r}: write namespace/name")
    return namespace, name


def _template(text: str) -> str:
    try:
        text.format(name="name", namespace="namespace", domain="domain")
    except (KeyError, IndexError, ValueError) as error:
        raise SettingsError(
            f"SLIPWAY_HOSTNAME_TEMPLATE is {text!r}: only {{name}}, {{namespace}} and {{domain}} may stand in it"
        ) from error
    return text


def _port(name: str, text: str) -> int:
    if text.isdecimal() and 0 < int(text) < 65536:
        return int(text)
    raise SettingsError(f"{name} is {text!r}: it takes a port, 1 to 65535")
