"""Where numbers come from that neither the gateway nor the predictor counts: queries to programs of the user's."""

from typing import Annotated

from pydantic import Field

from slipway_operator.api.fields import Url, cel
from slipway_operator.api.model import ApiModel

VARIABLES = ("namespace", "name", "model", "revision", "stable", "canary", "window")
"""What may stand in a query, a URL or a header as ``{{name}}``."""


class SecretRef(ApiModel):
    """A Secret of the same namespace, with the label slipway.dev/source: "true".

    Its keys: ``token`` (sent as bearer token), or ``username`` and ``password`` (basic); ``ca.crt`` (whom to trust).
    """

    name: str = Field(min_length=1, max_length=253)


class Source(ApiModel):
    """What every source has."""

    url: Url
    """Loopback, link-local and metadata addresses and the API server are refused; redirects are not followed."""
    secret_ref: SecretRef | None = None
    headers: dict[str, Annotated[str, Field(max_length=1024)]] | None = Field(default=None, max_length=16)
    """Sent with every request; nothing secret belongs here."""


class PrometheusSource(Source):
    """An instant query to the HTTP API of Prometheus, or of what speaks it (Thanos, Mimir, VictoriaMetrics)."""

    query: str = Field(min_length=1, max_length=8192)
    """PromQL with one series as result. {{revision}} is the revision that is measured; {{stable}}, {{canary}}, {{window}},
    {{namespace}}, {{name}} and {{model}} may stand in it, too."""


class WebSource(Source):
    """A GET that is answered with JSON."""

    json_path: str = Field(
        min_length=1,
        max_length=512,
        json_schema_extra=cel(
            (
                r"self.matches('^[$]([.][A-Za-z_][0-9A-Za-z_-]*|[[][0-9]{1,6}[]]|[[]\'[^\']*\'[]])*$')",
                "must be a path of names and indices such as $.data.errors[0].share",
            ),
        ),
    )
    """Where the number stands, as in $.data.errors[0].share."""
