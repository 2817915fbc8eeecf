"""The http target: the bytes of one connection, in pieces, into uvicorn's protocol object with the fast lane in it.

No sockets, but everything behind them: the parser, the lane, Starlette's routes. Every answer must be well-formed HTTP,
none of 5xx, each error JSON with `error` in it; no task may stay behind once the client has gone; and the next
connection must be answered.
"""

import asyncio
import random
from typing import Any

import httptools
import orjson
import uvicorn
from starlette.applications import Starlette
from uvicorn.server import ServerState

from slipway_predictor.serving import rest
from slipway_predictor.serving.catalog import Catalog
from slipway_predictor.serving.core import Core
from slipway_predictor.serving.docs import Docs
from slipway_predictor.serving.fast import FastProtocol
from slipway_predictor.serving.figures import MetricsRoute
from slipway_predictor.serving.handover import Handover
from slipway_predictor.serving.inference import InferenceRoutes
from slipway_predictor.serving.kserve_side import KServe
from slipway_predictor.serving.lane import Lane
from slipway_predictor.serving.peers import Alone, Teller
from slipway_predictor.serving.service import Service
from tests.fuzz import mutate
from tests.fuzz.model import IDENTITY, NAME, service
from tests.fuzz.targets import CORES, REQUESTS, ROWS, V2

LIMIT = 128 * 1024
GOOD = b"POST /v2/models/churn/infer HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%s"
_PATIENCE = 5.0  # seconds for an input; more is a hang
_CHECK = 64  # inputs between two looks whether a good request is answered


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.sent = bytearray()
        self.closed = False

    def write(self, data: Any) -> None:
        if not self.closed:
            self.sent += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Answers:
    """Reads answers; httptools calls its methods."""

    def __init__(self) -> None:
        self.found: list[tuple[int, bytes]] = []
        self._body = b""

    def on_message_begin(self) -> None:
        self._body = b""

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self.found.append((self.parser.get_status_code(), self._body))

    def read(self, sent: bytes) -> list[tuple[int, bytes]]:
        """Return status and body of each answer in `sent`. Raises where that is not HTTP."""
        self.parser = httptools.HttpResponseParser(self)
        self.parser.feed_data(sent)
        return self.found


class Http:
    """The target."""

    name = "http"

    def __init__(self, core: Core = CORES[0], *, body_limit: int = LIMIT) -> None:
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(self._broken)
        self._errors: list[str] = []
        self._state = ServerState()
        self._opened = service(core, self.loop)
        self.lane = Lane(self._opened, body_limit)
        self._config = uvicorn.Config(
            application(core, self._opened, body_limit),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
        )
        self._config.load()
        self._count = 0
        self._bodies = V2(REQUESTS[0], ROWS)

    def make(self, rng: random.Random) -> bytes:
        """Return what a client sends: a byte by which it is cut into pieces, and one or more requests."""
        requests = [self._request(rng) for _ in range(rng.choice((1, 1, 1, 1, 2, 3)))]
        data = b"".join(requests)
        return rng.randbytes(1) + (mutate.raw(data, rng) if rng.random() < 0.3 else data)

    def run(self, data: bytes) -> str:
        """Send it, in pieces, and look at what comes back."""
        self._count += 1
        if self._count % _CHECK == 0:
            body = orjson.dumps(REQUESTS[0])
            statuses = self._sent(b"\0" + GOOD % (len(body), body))
            assert statuses == [200], f"after {self._count} inputs a good request gets {statuses}"
        statuses = self._sent(data)
        return str(statuses[0]) if statuses else "nothing"

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Return status and body of the answer to a whole request."""
        wire = Wire()
        talk = self._talk(wire, b"\0" + request, turns=None)
        self.loop.run_until_complete(asyncio.wait_for(talk, _PATIENCE))
        ((status, body),) = Answers().read(bytes(wire.sent))
        return status, body

    def protocol(self) -> FastProtocol:
        """Return a new connection's protocol object."""
        return FastProtocol(
            self.lane, config=self._config, server_state=self._state, app_state={}, _loop=self.loop
        )

    def close(self) -> None:
        """End."""
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def _sent(self, data: bytes) -> list[int]:
        wire = Wire()
        self.loop.run_until_complete(asyncio.wait_for(self._talk(wire, data), _PATIENCE))
        assert not self._errors, self._errors
        heads = b"HEAD" in data  # whose answers have a length and no body
        found = [] if heads else Answers().read(bytes(wire.sent))
        for status, body in found:
            assert 100 <= status < 500, (status, body)
            assert status < 400 or set(orjson.loads(body)) == {"error"}, (status, body)
        assert not wire.sent or wire.sent.startswith(b"HTTP/1.1 "), bytes(wire.sent[:100])
        return [status for status, _ in found]

    async def _talk(self, wire: Wire, data: bytes, turns: int | None = 20) -> None:
        protocol = self.protocol()
        protocol.connection_made(wire)
        for piece in _pieces(data):
            if wire.closed:
                break
            protocol.data_received(piece)
            await asyncio.sleep(0)
        await self._quiet(turns)
        protocol.connection_lost(None)
        await self._quiet(None)

    async def _quiet(self, turns: int | None) -> None:
        """Let the loop turn until no task and no request is left, at most so often."""
        while (self._state.tasks or self._opened.lifecycle.under_way) and turns != 0:
            await asyncio.sleep(0 if turns else 0.0005)
            turns = None if turns is None else turns - 1

    def _broken(self, _loop: Any, context: dict[str, Any]) -> None:
        self._errors.append(f"{context.get('message')}: {context.get('exception')!r}")

    def _request(self, rng: random.Random) -> bytes:
        name = rng.choice((NAME, NAME, NAME, NAME, "other", "%00", "..", "é"))
        path = rng.choice(
            ("/v2/models/{}/infer",) * 12
            + ("/v2/models/{}/versions/1/infer", "/v2/models/{}/versions/2/infer", "/v1/models/{}:predict")
            + (
                "/v2/models/{}",
                "/v2/models/{}/ready",
                "/v2/health/ready",
                "/v2",
                "/",
                "/docs/{}",
                "*",
                "x",
                "",
            )
        ).format(name)
        method = rng.choice(("POST",) * 12 + ("GET", "PUT", "OPTIONS", "PRI", "post", "CONNECT"))
        line = f"{method} {path} HTTP/{rng.choice(('1.1',) * 12 + ('1.0', '2.0', '0.9', '1.'))}\r\n"
        body, headers = self._body(rng)
        headers += rng.sample(_HEADERS, rng.choice((0, 0, 0, 1, 2)))
        rng.shuffle(headers)
        return line.encode() + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + body

    def _body(self, rng: random.Random) -> tuple[bytes, list[bytes]]:
        made = self._bodies.make(rng)
        headers = []
        body = made[1:]
        if made[0]:
            headers.append(b"inference-header-content-length: %d" % int.from_bytes(made[1:3], "little"))
            body = made[3:]
        if rng.random() < 0.01:
            body += b" " * rng.choice((65_000, 70_000, 140_000))
        kind = rng.random()
        if kind < 0.7:
            return body, [*headers, b"content-length: %d" % len(body)]
        if kind < 0.85:
            size = rng.choice((0, 1, len(body) - 1, len(body) + 1, 2**31, 2**63, 2**64, 10**40))
            return body, [*headers, b"content-length: %d" % size]
        middle = len(body) // 2
        chunks = b"".join(
            b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:middle], body[middle:]) if part
        )
        return chunks + b"0\r\n\r\n", [*headers, b"transfer-encoding: chunked"]


_HEADERS = [
    b"content-type: application/json", b"content-encoding: gzip", b"content-encoding: br", b"content-length: 5",
    b"content-length: +5", b"content-length: x", b"transfer-encoding: chunked", b"transfer-encoding: gzip, chunked",
    b"expect: 100-continue", b"connection: close", b"connection: upgrade", b"upgrade: websocket", b"upgrade: h2c",
    b"x-request-id: \xff\xfe", b"x-request-id: " + b"a" * 300, b"x-request-id: a b", b"x-envoy-expected-rq-timeout-ms: 0",
    b"x-envoy-expected-rq-timeout-ms: 99999999999999", b"x-envoy-expected-rq-timeout-ms: -1", b"accept: x",
    b"inference-header-content-length: 99999999999999999999", b"inference-header-content-length: \xb2", b"a: " + b"b" * 9000,
    b" folded: x", b"no colon", b": empty", b"x\x00y: z", b"host:", b"host: a\r\nhost: b", b"cookie: \x7f",
]  # fmt: skip


def _pieces(data: bytes) -> list[bytes]:
    """Cut into pieces, as the first byte says: mostly none, so that the lane sees whole requests."""
    if not data or data[0] < 170:
        return [data[1:]]
    rng = random.Random(data[0])
    cuts = sorted(rng.randrange(len(data)) + 1 for _ in range(data[0] - 168))
    return [data[a:b] for a, b in zip([1, *cuts], [*cuts, len(data)], strict=True) if a < b]


def application(made: Core, opened: Service, limit: int) -> Starlette:
    """Return the ordinary routes, with KServe's server behind them, as `serving.server` puts them together."""
    catalog = Catalog(IDENTITY, made.manifest, "sha256:0")
    metrics = MetricsRoute(Alone(Teller(opened, {})), IDENTITY)
    kserve = Handover(lambda: KServe(catalog, opened).dataplane)
    inference = InferenceRoutes(catalog, opened, kserve, limit)
    return rest.RestRoutes(catalog, opened, Docs(catalog), metrics, inference).application()
