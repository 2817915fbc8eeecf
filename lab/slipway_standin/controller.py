"""One look at one InferenceService: make or correct what it needs, then write its status.

Everything is read afresh from the cluster and nothing is remembered between two looks, so the program may be
ended at any moment and two looks in a row are the same as one.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from slipway_standin import kinds, names, transformer
from slipway_standin.api import Api, ApiError
from slipway_standin.apply import NotOursError, ensure, remove
from slipway_standin.deployment import deployment, unscaled
from slipway_standin.hpa import autoscaler, is_scaled
from slipway_standin.objects import Key, Obj, annotations_of, key_of
from slipway_standin.pod import PodError, metadata, pod_spec, storage_uri
from slipway_standin.route import is_public, route_names, routes
from slipway_standin.runtimes import Runtime, RuntimeRefusedError, resolve
from slipway_standin.service import service
from slipway_standin.settings import Settings
from slipway_standin.status import Draft, same
from slipway_standin.storage import unsupported
from slipway_standin.template import TemplateError

_SOON = 1.0

_log = logging.getLogger(__name__)


class UnservedError(Exception):
    """The InferenceService cannot be served as it is; status says why where KServe's would."""


def rfc3339_now() -> str:
    """The wall clock as Kubernetes writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def mode_of(isvc: Obj, default: str) -> str:
    """The deployment mode: what status has recorded, then the annotation, then the default."""
    recorded = names.current_mode((isvc.get("status") or {}).get("deploymentMode", ""))
    annotated = names.current_mode(annotations_of(isvc).get(names.DEPLOYMENT_MODE, ""))
    return recorded or (annotated if annotated in names.MODES else names.current_mode(default))


class Controller:
    """``reconcile`` is the whole of it; ``now`` is replaced in tests."""

    def __init__(self, api: Api, settings: Settings, now: Callable[[], str] = rfc3339_now) -> None:
        self._api = api
        self._settings = settings
        self._now = now
        self._left_alone: set[Key] = set()

    async def reconcile(self, key: Key) -> float | None:
        """Look at one InferenceService; returns the seconds after which it wants another look, or None.

        Raises what should be tried again after a growing pause: UnservedError, ApiError, a lost connection.
        """
        isvc = await self._api.get(kinds.ISVC, *key)
        if isvc is None:
            self._left_alone.discard(key)
            return None
        mode = mode_of(isvc, self._settings.default_mode)
        if mode != names.STANDARD:
            self._leave_alone(key, mode)
            return None
        if isvc["metadata"].get("deletionTimestamp"):
            await self._release(isvc)
            return None
        isvc = await self._hold(isvc)
        draft = Draft(isvc.get("status"), self._now())
        if draft.ready and annotations_of(isvc).get(names.DISABLE_AUTO_UPDATE) == "true":
            return None
        try:
            again = await self._serve(isvc, draft)
        except (UnservedError, NotOursError):
            await self._write_status(isvc, draft.finish(mode))
            raise
        await self._write_status(isvc, draft.finish(mode))
        return again

    async def _serve(self, isvc: Obj, draft: Draft) -> float | None:
        runtime = await self._resolve(isvc, draft)
        meta = metadata(isvc, runtime)
        if annotations_of(isvc).get(names.STOP) == "true":
            await self._stop(isvc, meta, draft)
            return None
        exposed = await self._workload(isvc, runtime, meta, draft)
        if isvc["spec"].get(names.TRANSFORMER):
            exposed = await self._front(isvc, draft)
        if not draft.pods(await self._pods(meta)):
            return _SOON
        draft.stopped(stopped=False)
        await self._expose(isvc, exposed, draft)
        return None

    async def _resolve(self, isvc: Obj, draft: Draft) -> Runtime | None:
        predictor = isvc["spec"]["predictor"]
        if refused := unsupported(storage_uri(predictor)):
            raise UnservedError(f"StorageURI not supported: {refused}")
        if "model" not in predictor:
            return None
        namespace = isvc["metadata"]["namespace"]
        namespaced = await self._api.list(kinds.RUNTIME, namespace)
        cluster = await self._api.list(kinds.CLUSTER_RUNTIME)
        try:
            runtime = resolve(predictor["model"], namespaced["items"], cluster["items"])
        except RuntimeRefusedError as refusal:
            draft.invalid(refusal.reason, refusal.message)
            raise UnservedError(refusal.message) from refusal
        draft.runtime(runtime.name, cluster=runtime.cluster)
        return runtime

    async def _workload(self, isvc: Obj, runtime: Runtime | None, meta: Obj, draft: Draft) -> Obj:
        """The predictor's Service, Deployment and HPA; returns the Service."""
        if nameless := self._settings.why_no_host(meta["name"], meta["namespace"]):
            # KServe makes the host name of cluster-local ones, too, and fails before it makes anything.
            draft.failed(f"fails to create NewRawKubeReconciler for predictor: {nameless}")
            raise UnservedError(nameless)
        try:
            spec = pod_spec(isvc, runtime)
        except (PodError, TemplateError) as error:
            draft.invalid("InvalidPredictorSpec", str(error))
            raise UnservedError(str(error)) from error
        return await self._component(isvc, meta, spec, names.PREDICTOR, draft)

    async def _front(self, isvc: Obj, draft: Draft) -> Obj:
        """The same of the transformer."""
        meta, spec = transformer.metadata(isvc), transformer.pod_spec(isvc)
        return await self._component(isvc, meta, spec, names.TRANSFORMER, draft)

    async def _component(self, isvc: Obj, meta: Obj, spec: Obj, component: str, draft: Draft) -> Obj:
        try:
            exposed = await ensure(self._api, kinds.SERVICE, service(isvc, meta, spec))
            wanted = deployment(isvc, meta, spec, component)
            made = await ensure(self._api, kinds.DEPLOYMENT, wanted, keep_replicas=not unscaled(meta))
            await self._scale(isvc, meta, component)
        except ApiError as error:
            if error.code not in (400, 403, 422):
                raise
            draft.failed(f"fails to reconcile {component}: {error.message}", component)
            raise UnservedError(error.message) from error
        except NotOursError as error:
            draft.failed(f"fails to reconcile {component}: {error}", component)
            raise
        draft.deployment(made, self._settings.url(meta["name"], meta["namespace"]), component)
        return exposed

    async def _scale(self, isvc: Obj, meta: Obj, component: str) -> None:
        if is_scaled(meta):
            await ensure(self._api, kinds.HPA, autoscaler(isvc, meta, component))
        else:
            await remove(self._api, kinds.HPA, meta["namespace"], meta["name"], isvc["metadata"]["uid"])

    async def _pods(self, meta: Obj) -> list[Obj]:
        listed = await self._api.list(kinds.POD, meta["namespace"], f"app={meta['labels']['app']}")
        by_name = sorted(listed["items"], key=lambda pod: str(pod["metadata"]["name"]))
        return sorted(by_name, key=lambda pod: str(pod["metadata"]["creationTimestamp"]), reverse=True)

    async def _expose(self, isvc: Obj, exposed: Obj, draft: Draft) -> None:
        """The routes (left as they are while the predictor is not ready), the URL and the address."""
        namespace = isvc["metadata"]["namespace"]
        if is_public(isvc):
            if draft.predictor_ready:
                for wanted in routes(isvc, exposed, self._settings):
                    await ensure(self._api, kinds.ROUTE, wanted)
            found = [await self._api.get(kinds.ROUTE, namespace, name) for name in route_names(isvc)]
            if not draft.routes(zip(("Predictor", "InferenceService"), found, strict=True)):
                return
        else:
            draft.private()
        draft.exposed(
            self._settings.url(isvc["metadata"]["name"], namespace),
            f"http://{exposed['metadata']['name']}.{namespace}.svc.cluster.local",
        )

    async def _stop(self, isvc: Obj, meta: Obj, draft: Draft) -> None:
        owner, namespace = isvc["metadata"]["uid"], meta["namespace"]
        for name in (meta["name"], names.transformer_name(isvc["metadata"]["name"])):
            for kind in (kinds.SERVICE, kinds.DEPLOYMENT, kinds.HPA):
                await remove(self._api, kind, namespace, name, owner)
        draft.stop()
        draft.stopped(stopped=True)
        if not is_public(isvc):
            draft.private()
            return
        for name in route_names(isvc):
            await remove(self._api, kinds.ROUTE, namespace, name, owner)
        draft.ingress_stopped()

    async def _write_status(self, isvc: Obj, status: Obj) -> None:
        if same(isvc.get("status"), status):
            return
        try:
            await self._api.replace(kinds.ISVC, {**isvc, "status": status}, subresource="status")
        except ApiError as error:
            # Changed or gone meanwhile: whatever changed it has asked for another look already.
            if error.code not in (404, 409):
                raise

    async def _hold(self, isvc: Obj) -> Obj:
        finalizers = isvc["metadata"].get("finalizers") or []
        if names.FINALIZER in finalizers:
            return isvc
        return await self._finalizers(isvc, [*finalizers, names.FINALIZER])

    async def _release(self, isvc: Obj) -> None:
        finalizers = isvc["metadata"].get("finalizers") or []
        if names.FINALIZER in finalizers:
            await self._finalizers(isvc, [name for name in finalizers if name != names.FINALIZER])

    async def _finalizers(self, isvc: Obj, finalizers: list[str]) -> Obj:
        version = isvc["metadata"]["resourceVersion"]
        patch = {"metadata": {"finalizers": finalizers, "resourceVersion": version}}
        return await self._api.patch(kinds.ISVC, *key_of(isvc), patch)

    def _leave_alone(self, key: Key, mode: str) -> None:
        if key not in self._left_alone:
            self._left_alone.add(key)
            _log.info("%s: deployment mode %s is not this stand-in's: left alone", key, mode)
