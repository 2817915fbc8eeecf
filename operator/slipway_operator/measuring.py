"""The user's own metrics between the decision and the network: which are due, and what their sources say.

A number that cannot be had is no reason to fail: it is told, as an error or as nothing yet (``rollout.analysis.thresholds``).
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Self

import aiohttp

from slipway_operator.api.analysis import Metric
from slipway_operator.api.duration import format_duration
from slipway_operator.api.sources import PrometheusSource, Source, WebSource
from slipway_operator.api.status import ModelDeploymentStatus
from slipway_operator.calls.addresses import Guard
from slipway_operator.calls.http import NoAnswerError, plain
from slipway_operator.cluster.client import ApiError, Client
from slipway_operator.cluster.kinds import SECRET
from slipway_operator.cluster.render.common import Subject
from slipway_operator.evidence import prometheus, web
from slipway_operator.evidence.access import Access, UnfitSecretError, access_of
from slipway_operator.evidence.number import NoNumberError, fill
from slipway_operator.rollout.analysis import thresholds
from slipway_operator.rollout.observation import Measured


class Measuring:
    """Asks the sources of all ModelDeployments."""

    def __init__(self, client: Client, guard: Guard) -> None:
        self._client = client
        self._guard = guard
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=guard, use_dns_cache=False)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def measure(
        self, subject: Subject, status: ModelDeploymentStatus, now: datetime
    ) -> Mapping[str, Measured]:
        """What the sources of the metrics that are due say; never raises."""
        due = thresholds.due(status, now)
        found = await asyncio.gather(*(self._one(subject, status, metric) for metric in due))
        return {metric.name: measured for metric, measured in zip(due, found, strict=True)}

    async def _one(self, subject: Subject, status: ModelDeploymentStatus, metric: Metric) -> Measured:
        source, stable, canary = metric.source, status.stable, status.canary
        if source is None or stable is None or canary is None:
            return Measured(message="there is nothing to measure")
        common = {
            "namespace": subject.namespace,
            "name": subject.name,
            "model": subject.model_name,
            "stable": stable.revision,
            "canary": canary.revision,
            "window": format_duration(thresholds.window_of(metric)),
        }
        compared = metric.threshold is not None and metric.threshold.of in ("Ratio", "Difference")
        try:
            access = await self._access(subject.namespace, source)
            value = await self._ask(source, access, common | {"revision": canary.revision})
            other = (
                await self._ask(source, access, common | {"revision": stable.revision}) if compared else None
            )
        except NoNumberError as error:
            return Measured(message=str(error))
        except (NoAnswerError, UnfitSecretError, OSError) as error:
            return Measured(message=plain(str(error)), error=True)
        return Measured(value, other)

    async def _ask(
        self, source: PrometheusSource | WebSource, access: Access, variables: Mapping[str, str]
    ) -> float:
        await self._guard.check(fill(source.url, variables))
        own = {name: fill(value, variables) for name, value in (source.headers or {}).items()}
        access = Access({**own, **access.headers}, access.trust)
        if isinstance(source, PrometheusSource):
            return await prometheus.measure(self._session, source, access, variables)
        return await web.measure(self._session, source, access, variables)

    async def _access(self, namespace: str, source: Source) -> Access:
        if source.secret_ref is None:
            return Access()
        name = source.secret_ref.name
        try:
            secret = await self._client.get(SECRET, namespace, name)
        except ApiError as error:
            if error.status == 403:
                raise NoAnswerError(
                    f"the operator may not read Secret {name} in namespace {namespace}: see docs/rollouts.md, Secrets"
                ) from None
            raise NoAnswerError(f"Secret {name} cannot be read: {error.message}") from None
        if secret is None:
            raise NoAnswerError(f"there is no Secret {name} in namespace {namespace}")
        return access_of(secret)
