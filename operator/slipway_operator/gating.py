"""Gates between the decision and the network: which one is to run now, on what, and what has come of it.

The counterpart of ``rollout.gates``: that one sets a gate running in status, this one runs it in the background and
brings the outcome with the next observation.
"""

from collections.abc import Callable, Iterator

import aiohttp

from slipway_operator.api import names
from slipway_operator.api.gates import EffectiveGate
from slipway_operator.api.status import ModelDeploymentStatus, Revision
from slipway_operator.calls.addresses import Guard
from slipway_operator.cluster.claims import Key
from slipway_operator.cluster.client import ApiError, Client, Json
from slipway_operator.cluster.kinds import SERVICE
from slipway_operator.cluster.observe import View
from slipway_operator.cluster.render.backends import PORT
from slipway_operator.cluster.render.common import Subject
from slipway_operator.gates.background import Background
from slipway_operator.gates.run import run
from slipway_operator.gates.scene import Answer, Scene, Side
from slipway_operator.jobs import run_job
from slipway_operator.rollout import gates
from slipway_operator.rollout.observation import GateOutcome, GateTicket
from slipway_operator.rollout.pods import host_of, of_component, predictors, url_host


class Gating:
    """Runs the gates of all ModelDeployments."""

    def __init__(self, client: Client, done: Callable[[Key], None], guard: Guard) -> None:
        """``done`` is told whose gate has an outcome."""
        self._client = client
        self._guard = guard
        # A connection for each request: a Service spreads connections over its pods, not requests.
        self._pods = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
        self._outside = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True, resolver=self._guard, use_dns_cache=False)
        )
        self._background = Background(done)

    async def close(self) -> None:
        """End what is under way; whoever comes next begins it again."""
        await self._background.close()
        await self._pods.close()
        await self._outside.close()

    def forget(self, key: Key) -> None:
        """The ModelDeployment is gone."""
        self._background.forget(key)

    def outcome(self, subject: Subject, view: View, status: ModelDeploymentStatus) -> GateOutcome | None:
        """What came of the gate that ``status`` has running; begins the attempt if nobody has."""
        key, asked = (subject.namespace, subject.name), gates.running(status)
        if asked is None:
            self._background.forget(key)
            return None
        gate, ticket = asked
        return self._background.outcome(
            key, ticket, lambda tell: self._attempt(subject, view, status, gate, ticket, tell)
        )

    async def _attempt(
        self,
        subject: Subject,
        view: View,
        status: ModelDeploymentStatus,
        gate: EffectiveGate,
        ticket: GateTicket,
        tell: Callable[[Answer], None],
    ) -> Answer:
        try:
            scene = await self._scene(subject, view, status)
        except ApiError as error:
            return Answer("Error", f"the API server does not tell the canary's Service: {error.message}")
        if scene is None:  # nobody knows how to ask it: never a reason to let it pass
            return Answer("Error", "the canary's ServingRuntime is gone")
        if gate.job is not None:
            return await self._run_job(subject, scene, gate, ticket)
        session = self._outside if gate.url else self._pods
        return await run(session, self._guard, gate, scene, ticket.attempt, tell)

    async def _run_job(
        self, subject: Subject, scene: Scene, gate: EffectiveGate, ticket: GateTicket
    ) -> Answer:
        try:
            return await run_job(self._client, subject, scene, gate, ticket)
        except ApiError as error:
            return Answer("Error", f"the API server does not tell of the Job: {error.message}")

    async def _scene(self, subject: Subject, view: View, status: ModelDeploymentStatus) -> Scene | None:
        canary = status.canary
        if canary is None or canary.revision not in view.found.runtimes:
            return None
        # The predictor's own Service, also behind a transformer: the bundle's rows are the predictor's.
        predictor = await self._entries(subject, view, canary, names.PREDICTOR)
        front = canary.component != names.PREDICTOR
        return Scene(
            namespace=subject.namespace,
            name=subject.name,
            model=subject.model_name,
            canary=_side(view, canary),
            stable=_side(view, status.stable) if status.stable else None,
            entries=predictor,
            fronts=await self._entries(subject, view, canary, canary.component) if front else (),
            passed=[
                part.model_dump(mode="json", include={"name", "state", "message"})
                for part in status.gates or []
                if part.state in gates.OVER
            ],
        )

    async def _entries(
        self, subject: Subject, view: View, revision: Revision, component: str
    ) -> tuple[str, ...]:
        name = names.entry_service(subject.name, revision.revision, component)
        service = await self._client.get(SERVICE, subject.namespace, name)
        pods = of_component(view.found.pods.get(revision.revision, []), component)
        return tuple(entries(service, pods)) if service else ()


def entries(service: Json, pods: list[Json]) -> Iterator[str]:
    """The URLs of a Service's port 80: its address or, where it has none (headless), those of its ready pods."""
    spec = service.get("spec", {})
    address = spec.get("clusterIP")
    if address and address != "None":
        yield f"http://{url_host(address)}:{PORT}"
        return
    port: Json = next((part for part in spec.get("ports", []) if part.get("port") == PORT), {})
    target = port.get("targetPort", PORT)
    for pod in pods:
        yield f"http://{host_of(pod)}:{_number(pod, target)}"


def _side(view: View, revision: Revision) -> Side:
    runtime = view.found.runtimes.get(revision.revision)
    annotations = runtime["metadata"].get("annotations", {}) if runtime else {}
    port = annotations.get(names.ANNOTATION_ADMIN)
    pods = predictors(view.found.pods.get(revision.revision, []))
    return Side(
        revision=revision,
        runtime=annotations.get(names.ANNOTATION_RUNTIME, "a runtime that is gone"),
        admin=tuple(f"http://{host_of(pod)}:{port}" for pod in pods) if port else None,
    )


def _number(pod: Json, target: int | str) -> int | str:
    """The number of a container port that a Service may call by name."""
    ports = [port for part in pod["spec"].get("containers", []) for port in part.get("ports", [])]
    return next((port["containerPort"] for port in ports if port.get("name") == target), target)
