"""The program: ``python -m slipway_standin --kubeconfig FILE --webhook-address HOST:PORT``.

Runs until it is told to end (SIGTERM, SIGINT). ``/readyz`` on the health address answers 200 once everything is
being watched and the webhooks are registered.
"""

import argparse
import asyncio
import contextlib
import logging
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

import aiohttp
from aiohttp import web
from kubernetes.aio.config import ConfigException

from slipway_standin import certs, names, webhook
from slipway_standin.api import Api, ApiError
from slipway_standin.controller import Controller
from slipway_standin.queue import WorkQueue, pause_after
from slipway_standin.settings import Settings
from slipway_standin.wiring import Wiring

_WORKERS = 4
_T = TypeVar("_T")

_log = logging.getLogger("slipway_standin")


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="slipway_standin",
        description="A stand-in for KServe's InferenceService controller (Standard mode). It is not KServe.",
    )
    parser.add_argument("--kubeconfig", required=True, help="how to reach the cluster")
    parser.add_argument("--webhook-address", required=True, type=_address, metavar="HOST:PORT",
                        help="where the API server reaches the admission webhooks")  # fmt: skip
    parser.add_argument("--health-address", default=("127.0.0.1", 8086), type=_address, metavar="HOST:PORT")
    parser.add_argument("--gateway", default=Settings.gateway, metavar="NAMESPACE/NAME")
    parser.add_argument("--domain", default=Settings.domain, help="what host names end in")
    parser.add_argument("--default-mode", default=Settings.default_mode, choices=sorted(names.MODES))
    parser.add_argument("--namespace", default="kserve", help="where the webhooks' certificate is kept")
    return parser.parse_args(arguments)


async def run(options: argparse.Namespace) -> None:
    """Everything, until cancelled. Raises OSError for an address that cannot be listened on."""
    settings = Settings(options.gateway, options.domain, options.default_mode)
    async with await Api.connect(options.kubeconfig) as api:
        queue = WorkQueue()
        wiring = Wiring(api, queue.add)
        registered = asyncio.Event()
        health = _health(lambda: registered.is_set() and wiring.is_synced)
        async with _serving(options.health_address, health), _admission(api, options):
            registered.set()
            await _follow(wiring, queue, Controller(api, settings))


@contextlib.asynccontextmanager
async def _admission(api: Api, options: argparse.Namespace) -> AsyncIterator[None]:
    """The webhooks, served and registered while the block runs."""
    host, port = options.webhook_address
    certificate = await _patiently(lambda: certs.obtain(api, options.namespace, host))
    app = webhook.application(options.default_mode)
    async with _serving((host, port), app, certificate.server_context()):
        await _patiently(lambda: webhook.register(api, f"{host}:{port}", certificate.ca_bundle))
        yield


async def _follow(wiring: Wiring, queue: WorkQueue, controller: Controller) -> None:
    """Watch, and look at what changes, for ever."""
    async with asyncio.TaskGroup() as tasks:
        for reflector in wiring.reflectors:
            tasks.create_task(reflector.run())
        await wiring.synced()
        _log.info("ready: InferenceServices in %s mode are served", names.STANDARD)
        for _ in range(_WORKERS):
            tasks.create_task(queue.work(controller.reconcile))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    options = parse(arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    _log.info("this is a stand-in for KServe's controller, not KServe")
    try:
        asyncio.run(_until_told(options))
    except ConfigException as error:
        complaint = f"the kubeconfig {options.kubeconfig} cannot be used: {error}"
    except OSError as error:
        complaint = str(error)
    else:
        return 0
    print(f"slipway-standin: {complaint}", file=sys.stderr)
    return 1


async def _until_told(options: argparse.Namespace) -> None:
    loop, work = asyncio.get_running_loop(), asyncio.create_task(run(options))
    for told in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(told, work.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await work


async def _patiently(attempt: Callable[[], Awaitable[_T]]) -> _T:
    """Try until the API server answers: it may start at the same time as this program."""
    failures = 0
    while True:
        try:
            return await attempt()
        except (ApiError, aiohttp.ClientError, TimeoutError) as error:
            failures += 1
            _log.warning("the API server does not take it yet: %s: trying again", error)
            await asyncio.sleep(pause_after(failures))


@contextlib.asynccontextmanager
async def _serving(
    address: tuple[str, int], app: web.Application, tls: ssl.SSLContext | None = None
) -> AsyncIterator[None]:
    """Serve ``app`` while the block runs."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, *address, ssl_context=tls).start()
        yield
    finally:
        await runner.cleanup()


def _health(is_ready: Callable[[], bool]) -> web.Application:
    async def ready(_: web.Request) -> web.Response:
        return web.Response(text="ok") if is_ready() else web.Response(status=503, text="not ready yet")

    app = web.Application()
    app.router.add_get("/readyz", ready)
    return app


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host, int(port)
