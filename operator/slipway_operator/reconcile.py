"""The one reconcile: read, observe, decide, write the status, act. Every event and every wake-up ends here.

The status is written first, by compare-and-swap: it is the intent, and what follows from it can be done again by
whoever comes next. Whoever decided on an old object loses the swap and looks again.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import aiohttp

from slipway_operator.api import names
from slipway_operator.api.spec import ModelDeploymentSpec
from slipway_operator.api.status import ModelDeploymentStatus, Revision
from slipway_operator.cluster import events
from slipway_operator.cluster.act import RefusedError, act
from slipway_operator.cluster.cache.client import CachedClient
from slipway_operator.cluster.claims import Claims, Key
from slipway_operator.cluster.client import ApiError, Json
from slipway_operator.cluster.gateway import find_proxies
from slipway_operator.cluster.kinds import MODEL_DEPLOYMENT
from slipway_operator.cluster.observe import View, observe
from slipway_operator.cluster.render.common import Subject
from slipway_operator.cluster.settling import Settling
from slipway_operator.evidence import envoy, predictor, warmth
from slipway_operator.gating import Gating
from slipway_operator.measuring import Measuring
from slipway_operator.rollout.actions import Decision
from slipway_operator.rollout.analysis.judge import counted, due
from slipway_operator.rollout.decide import decide
from slipway_operator.rollout.late import on_trial
from slipway_operator.rollout.observation import Problem, Readings, RouteState
from slipway_operator.rollout.revision import revision_of
from slipway_operator.rollout.traffic import newcomers
from slipway_operator.rollout.turn import Deployment
from slipway_operator.settings import Settings

logger = logging.getLogger(__name__)


class Reconciler:
    """Brings one ModelDeployment at a time in line with what is wanted."""

    def __init__(
        self,
        client: CachedClient,
        session: aiohttp.ClientSession,
        settings: Settings,
        claims: Claims,
        gating: Gating,
        measuring: Measuring,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._session = session
        self._settings = settings
        self._gating = gating
        self._measuring = measuring
        self._claims = claims
        self._settling = Settling()
        self._now = now

    async def __call__(self, key: Key) -> float | None:
        """Reconcile; returns in how many seconds to look again (None: it is gone)."""
        body = await self._client.get(MODEL_DEPLOYMENT, *key)
        metadata = body["metadata"] if body else {}
        if body is None or "deletionTimestamp" in metadata:
            # What it owns goes by its owner references, with the operator or without it.
            self._gating.forget(key)
            self._settling.forget(key)
            return None
        try:
            return await self._reconcile(body)
        except ApiError as error:
            if error.status not in (404, 409):
                raise
            # Somebody wrote, or deleted it, between what is known here and our write: learn that, and look again.
            fresh = await self._client.read(MODEL_DEPLOYMENT, *key)
            if fresh and fresh["metadata"]["resourceVersion"] == metadata["resourceVersion"]:
                raise  # it was something else that was refused
            return 0.0

    async def _reconcile(self, body: Json) -> float:
        metadata = body["metadata"]
        spec = ModelDeploymentSpec.model_validate(body["spec"])
        status = ModelDeploymentStatus.model_validate(body.get("status", {}))
        subject = Subject(metadata["name"], metadata["namespace"], metadata["uid"], spec)
        wanted = revision_of(spec)
        view = await observe(self._client, self._settings, self._claims, subject, status, wanted)
        now = self._now()
        readings = await self._readings(subject, view, on_trial(status) or status, now)
        route = self._settling.note((subject.namespace, subject.name), view.seen.route, now)
        route = await self._with_cold(subject, view, newcomers(status, route, now), route)
        view = view.with_news(readings, self._gating.outcome(subject, view, status), route)
        deployment = Deployment(subject.name, metadata["generation"], spec, status, _commands(metadata))
        decision = decide(deployment, view.seen, now)
        written = await self._write_status(body, status, decision)
        refused = await self._act(subject, view, wanted, decision)
        if refused:
            seen = replace(view.seen, refused=refused)
            before, decision = decision, decide(replace(deployment, status=decision.status), seen, now)
            written = await self._write_status(written, before.status, decision)
        await self._record(written, decision, now)
        self._gating.outcome(subject, view, decision.status)  # begins a gate that was just set running
        return max(0.0, (decision.wake - self._now()).total_seconds())

    async def _act(
        self, subject: Subject, view: View, wanted: Revision, decision: Decision
    ) -> Problem | None:
        """Carry the actions out, up to one that is refused."""
        for action in decision.actions:
            logger.info("%s/%s: %s", subject.namespace, subject.name, action)
            try:
                await act(self._client, subject, view, wanted, action)
            except RefusedError as error:
                return error.problem
        return None

    async def _readings(
        self, subject: Subject, view: View, status: ModelDeploymentStatus, now: datetime
    ) -> Readings | None:
        """The counters of stable, and of the canary from its first step on, and the user's own metrics, when it is time."""
        if not (due(status, now) and status.stable and status.canary):
            return None
        counters, measured = await asyncio.gather(
            self._counters(subject, view, status), self._measuring.measure(subject, status, now)
        )
        return replace(counters, measured=measured)

    async def _counters(self, subject: Subject, view: View, status: ModelDeploymentStatus) -> Readings:
        """What the gateway's proxies have counted, or else the pods of themselves."""
        pods = {revision: list(view.found.pods.get(revision, [])) for revision in counted(status)}
        own = await predictor.read(self._session, pods, view.found.runtimes)
        source = status.evidence.source if status.evidence else None
        if source == "selfReported" or view.seen.route is None:
            return own
        proxies = await find_proxies(self._client, view.route.parents, subject.namespace)
        proxied = await envoy.read(self._session, proxies, view.route.rules, blind=own.absent)
        if not isinstance(proxied, str):
            return Readings(pods={} if own.error else own.pods, gateway=proxied)
        return replace(own, error=proxied, absent=False) if source else own

    async def _with_cold(
        self, subject: Subject, view: View, asked: frozenset[str], route: RouteState | None
    ) -> RouteState | None:
        """The route with what the gateway's proxies say of its newcomers."""
        if route is None or not asked:
            return route
        proxies = await find_proxies(self._client, view.route.parents, subject.namespace)
        return replace(route, cold=await warmth.cold(self._session, proxies, view.route.rules, asked))

    async def _write_status(self, body: Json, known: ModelDeploymentStatus, decision: Decision) -> Json:
        """Write what was decided, unless it is what ``body`` says, read as ``known``; most looks change nothing."""
        if decision.status == known:
            return body
        status = decision.status.to_json()
        if status == body.get("status", {}):
            return body
        return await self._client.replace_status(MODEL_DEPLOYMENT, {**body, "status": status})

    async def _record(self, body: Json, decision: Decision, now: datetime) -> None:
        for number, event in enumerate(decision.events):
            log = logger.warning if event.type == "Warning" else logger.info
            log(
                "%s/%s: %s: %s",
                body["metadata"]["namespace"],
                body["metadata"]["name"],
                event.reason,
                event.message,
            )
            await events.record(self._client, body, event, now, number)


def _commands(metadata: Json) -> dict[str, str]:
    """The commands among the annotations: verb → id."""
    annotations = metadata.get("annotations", {})
    found = {verb: annotations.get(f"{names.GROUP}/{verb}") for verb in names.COMMANDS}
    return {verb: value for verb, value in found.items() if value}
