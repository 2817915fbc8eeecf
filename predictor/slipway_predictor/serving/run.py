"""Start order: what is cheap and can fail comes first (port, manifest, digest), KServe's slow import after it."""

import contextlib
import json
import logging
import shlex
import socket
import sys
import time

from slipway_contract import Bundle, open_bundle
from slipway_predictor.errors import CannotServe
from slipway_predictor.features import example_request
from slipway_predictor.monitoring import logs
from slipway_predictor.serving.core import Identity
from slipway_predictor.settings import Settings

_log = logging.getLogger(logs.LOGGER)


def run(settings: Settings) -> None:
    """Serve until told to stop. Raises BundleError or CannotServe with the reason why it cannot or must not."""
    start = time.monotonic()
    logs.configure()
    bundle = open_bundle(settings.folder, settings.digest)
    _require_digest(settings, bundle)
    identity = Identity(
        settings.model_name or bundle.manifest.name,
        settings.model_version or bundle.manifest.version,
        settings.revision,
    )
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(_listen(settings.host, settings.http_port, "--http-port"))
        admin = None
        if settings.admin_port is not None:
            admin = sockets.enter_context(_listen(settings.host, settings.admin_port, "--admin-port"))
        from slipway_predictor.serving.server import Listeners, Server  # imports kserve: about a second

        server = Server(settings, bundle, identity, Listeners(listener, admin))
        server.on_ready = lambda: _announce(settings, bundle, identity, listener, time.monotonic() - start)
        server.start([server.model])


def _require_digest(settings: Settings, bundle: Bundle) -> None:
    """Refuse an unpinned bundle in a cluster; on a laptop, where the user made it, show what would pin it."""
    if settings.digest is not None:
        return
    if settings.in_cluster and not settings.allow_unverified:
        raise CannotServe(
            f"the bundle holds a pickle, which runs code when loaded, and no digest was given to trust it by: set the "
            f"deployment's spec.model.digest to {bundle.digest} if this is the bundle you made, or allowUnverified"
        )
    _log.warning("serving without a given digest; to pin this very bundle: --digest %s", bundle.digest)


def _listen(host: str, port: int, option: str) -> socket.socket:
    """Open a listening socket, so that a port in use is told at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise CannotServe(
            f"cannot listen on {host} port {port}: {error.strerror or error}; choose another --host or {option}"
        ) from None


def _announce(
    settings: Settings, bundle: Bundle, identity: Identity, listener: socket.socket, seconds: float
) -> None:
    """Print where the model answers and, for a person, a request to paste."""
    host = {"0.0.0.0": "localhost", "::": "localhost"}.get(settings.host, settings.host)  # noqa: S104
    url = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}/v2/models/{identity.model_name}"
    sys.stdout.write(
        f"serving {identity.model_name} version {identity.version} ({bundle.digest}) at {url}, ready in {seconds:.1f} s\n"
    )
    if not settings.in_cluster:
        body = json.dumps(example_request(bundle.manifest.inputs), separators=(",", ":"), ensure_ascii=False)
        sys.stdout.write(f"try: curl -s {url}/infer -d {shlex.quote(body)}\n")
    sys.stdout.flush()
