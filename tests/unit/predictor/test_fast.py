"""One connection's bytes in, its answers out: what the lane's protocol does with requests that are not quite usual."""

import asyncio
from collections.abc import Iterator

import orjson
import pytest

from tests.fuzz.connection import Answers, Http, Wire
from tests.fuzz.targets import REQUESTS

BODY = orjson.dumps(REQUESTS[0])
CURL = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQ\r\n"


@pytest.fixture
def http() -> Iterator[Http]:
    made = Http()
    yield made
    made.close()


def post(headers: bytes = b"", body: bytes = BODY) -> bytes:
    line = b"POST /v2/models/churn/infer HTTP/1.1\r\nhost: x\r\n"
    return line + headers + b"content-length: %d\r\n\r\n" % len(body) + body


def statuses(http: Http, *pieces: bytes) -> list[int]:
    """Send the pieces over one connection; return the status of each answer."""
    wire = Wire()

    async def talk() -> None:
        protocol = http.protocol()
        protocol.connection_made(wire)
        for piece in pieces:
            protocol.data_received(piece)
        await http._quiet(None)
        protocol.connection_lost(None)

    http.loop.run_until_complete(asyncio.wait_for(talk(), 30))
    return [status for status, _ in Answers().read(bytes(wire.sent))]


def test_a_request_that_would_like_another_protocol_is_answered_in_this_one(http: Http) -> None:
    for _ in range(3):  # the second time its head is known
        assert statuses(http, post(CURL)) == [200]
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    chunked = (
        post(CURL + b"transfer-encoding: chunked\r\n", b"").replace(b"content-length: 0\r\n", b"") + chunks
    )
    assert statuses(http, chunked) == [200]
    assert statuses(http, b"GET /v2/health/ready HTTP/1.1\r\nhost: x\r\n" + CURL + b"\r\n") == [200]


def test_so_is_one_that_comes_in_pieces(http: Http) -> None:
    whole = post(CURL)
    for cut in range(1, len(whole)):
        assert statuses(http, whole[:cut], whole[cut:]) == [200], whole[:cut]


def test_requests_behind_it_are_answered_too(http: Http) -> None:
    assert statuses(http, post(CURL) + post(CURL) + post()) == [200, 200, 200]
    large = post(CURL, BODY + b" " * 70_000)
    assert statuses(http, large + post(CURL) + post()) == [200, 200, 200]
    assert len(statuses(http, post(CURL, b"{}") * 500)) == 500


def test_a_tunnel_is_refused(http: Http) -> None:
    (status,) = statuses(http, b"CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\nanything")
    assert status in (400, 404, 405)


def test_a_limit_below_what_the_lane_takes_holds_on_it_too() -> None:
    small = Http(body_limit=2000)
    try:
        padded = BODY + b" " * (2000 - len(BODY))
        assert statuses(small, post(body=padded)) == [200]
        over = padded + b" "
        assert statuses(small, post(body=over)) == [413]
        chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(over), over)
        head = post(b"transfer-encoding: chunked\r\n", b"").replace(b"content-length: 0\r\n", b"")
        assert statuses(small, head + chunks) == [413]
    finally:
        small.close()
