"""Start order: what is cheap and can fail comes first (port, manifest, digest), the slower imports after it."""

import asyncio
import contextlib
import json
import logging
import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from slipway_contract import Bundle, Manifest, open_bundle
from slipway_predictor.errors import CannotServe
from slipway_predictor.features import example_request
from slipway_predictor.monitoring import logs
from slipway_predictor.serving.core import Identity
from slipway_predictor.serving.garbage import kept
from slipway_predictor.serving.sockets import Listeners, listen, reserve
from slipway_predictor.settings import Settings, command_line

if TYPE_CHECKING:
    from slipway_predictor.workers.link import Link

_log = logging.getLogger(logs.LOGGER)


def run(settings: Settings) -> None:
    """Serve until told to stop. Raises BundleError or CannotServe with the reason why it cannot or must not."""
    start = time.monotonic()
    logs.configure()
    bundle = open_bundle(settings.folder, settings.digest)
    _require_digest(settings, bundle)
    identity = _identity(settings, bundle)

    def announce(port: int) -> None:
        _announce(settings, bundle, identity, port, time.monotonic() - start)

    if settings.workers > 1:
        _supervise(replace(settings, digest=bundle.digest), announce)
    else:
        _serve(settings, bundle, identity, announce)


def work(settings: Settings, link: "Link") -> None:
    """Serve as one of several workers. Raises as `run` does."""
    logs.configure()
    bundle = open_bundle(settings.folder, settings.digest)
    _serve(settings, bundle, _identity(settings, bundle), lambda _: None, link)


def _identity(settings: Settings, bundle: Bundle) -> Identity:
    return Identity(
        settings.model_name or bundle.manifest.name,
        settings.model_version or bundle.manifest.version,
        settings.revision,
    )


def _serve(
    settings: Settings,
    bundle: Bundle,
    identity: Identity,
    announce: Callable[[int], None],
    link: "Link | None" = None,
) -> None:
    """Serve in this process."""
    shared = link is not None
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(
            listen(settings.host, settings.http_port, "--http-port", shared=shared)
        )
        admin = None
        if settings.admin_port is not None:
            admin = sockets.enter_context(
                listen(settings.host, settings.admin_port, "--admin-port", shared=shared)
            )
        with kept():
            from slipway_predictor.serving.server import Server

        server = Server(settings, bundle, identity, Listeners(listener, admin), link)
        server.on_ready = lambda: announce(listener.getsockname()[1])
        server.run()


def _supervise(settings: Settings, announce: Callable[[int], None]) -> None:
    """Take the ports, and have workers serve on them."""
    from slipway_predictor.workers.supervisor import Supervisor

    taken: dict[str, int] = {}
    with contextlib.ExitStack() as sockets:
        for setting, port in (
            ("http_port", settings.http_port),
            ("grpc_port", settings.grpc_port),
            ("admin_port", settings.admin_port),
        ):
            if port is not None:
                option = f"--{setting.replace('_', '-')}"
                held = sockets.enter_context(reserve(settings.host, port, option))
                taken[setting] = held.getsockname()[1]
        worker = replace(settings, workers=1, **taken)  # type: ignore[arg-type]  # each of them is a port
        asyncio.run(
            Supervisor(
                command_line(worker),
                settings.workers,
                settings.drain,
                lambda: announce(taken["http_port"]),
            ).run()
        )


def _require_digest(settings: Settings, bundle: Bundle) -> None:
    """Refuse an unpinned bundle in a cluster; on a laptop, where the user made it, show what would pin it."""
    if settings.digest is not None:
        return
    if settings.in_cluster and not settings.allow_unverified and bundle.manifest.runs_code:
        raise CannotServe(
            f"the bundle {_risk(bundle.manifest)}, and no digest was given to trust it by: set the deployment's "
            f"spec.model.digest to {bundle.digest} if this is the bundle you made, or allowUnverified"
        )
    _log.warning("serving without a given digest; to pin this very bundle: --digest %s", bundle.digest)


def _risk(manifest: Manifest) -> str:
    if manifest.format == "sklearn":
        return "holds a pickle, which runs code when loaded"
    return "brings wheels, which are code" if manifest.code else "names types that skops does not vouch for"


def _announce(settings: Settings, bundle: Bundle, identity: Identity, port: int, seconds: float) -> None:
    """Print where the model answers and, for a person, a request to paste."""
    host = {"0.0.0.0": "localhost", "::": "localhost"}.get(settings.host, settings.host)  # noqa: S104
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}/v2/models/{identity.model_name}"
    sys.stdout.write(
        f"serving {identity.model_name} version {identity.version} ({bundle.digest}) at {url}, ready in {seconds:.1f} s\n"
    )
    if not settings.in_cluster:
        body = json.dumps(example_request(bundle.manifest.inputs), separators=(",", ":"), ensure_ascii=False)
        sys.stdout.write(f"try: curl -s {url}/infer -d {shlex.quote(body)}\n")
    sys.stdout.flush()
