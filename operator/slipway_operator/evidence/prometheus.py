"""One number by an instant query to the HTTP API of Prometheus (https://prometheus.io/docs/prometheus/latest/querying/api/)."""

from collections.abc import Mapping

import aiohttp

from slipway_operator.api.sources import PrometheusSource
from slipway_operator.calls.http import NoAnswerError, ask
from slipway_operator.evidence.access import Access
from slipway_operator.evidence.number import SECONDS, NoNumberError, fill, finite


async def measure(
    session: aiohttp.ClientSession, source: PrometheusSource, access: Access, variables: Mapping[str, str]
) -> float:
    """The value of the one series that the query gives. Raises NoAnswerError and NoNumberError."""
    url = f"{fill(source.url, variables).rstrip('/')}/api/v1/query"
    form = {"query": fill(source.query, variables)}
    reply = await ask(session, "POST", url, SECONDS, form=form, headers=access.headers, trust=access.trust)
    if reply.status != 200:
        raise NoAnswerError(f"Prometheus answers {reply.status}: {reply.words()}")
    return value_of(reply.json())


def value_of(document: object) -> float:
    """The number in the answer to an instant query. Raises NoAnswerError and NoNumberError."""
    try:
        result = document["data"]["result"]  # type: ignore[index]
        if document["data"]["resultType"] == "scalar":  # type: ignore[index]
            return finite(result[1])
        if len(result) > 1:
            raise NoAnswerError(
                f"the query gives {len(result)} series, not one: aggregate them, as with sum()"
            )
        if not result:
            raise NoNumberError(
                "the query gives no series: nothing has been counted yet, or a label is misspelt"
            )
        return finite(result[0]["value"][1])
    except (TypeError, KeyError, IndexError):
        raise NoAnswerError("the answer is not that of an instant query with a vector or a scalar") from None
