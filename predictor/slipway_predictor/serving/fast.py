"""uvicorn's HTTP protocol with the fast lane in it: an inference request never becomes a scope, a task or a cycle.

Whatever the lane does not take (other paths and methods, compressed or large bodies, 100-continue, a request while
another one of its connection is under way) goes the ordinary way through uvicorn, FastAPI and KServe's SDK. Also the
guard against slow clients: one sweep over all connections a second instead of a timer for each request.

Leans on uvicorn's own class; `usable` looks whether it is still built as it must be for that.
"""

import time
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from slipway_predictor.serving.lane import Head, Lane, closing, refusal

_IDLE, _HEAD, _BODY, _ANSWERING = range(4)
_HEAD_LIMIT = 64 * 1024  # bytes of request line and headers
_SPECIAL = frozenset(
    {
        b"content-encoding",
        b"content-length",
        b"inference-header-content-length",
        b"x-request-id",
        b"x-envoy-expected-rq-timeout-ms",
    }
)
_USED = ("on_message_begin", "on_headers_complete", "on_body", "on_message_complete", "on_response_complete")
_LONGEST_ID = 256  # characters

clock = time.monotonic


def usable() -> bool:
    """Return whether this uvicorn's protocol has what the fast lane stands on."""
    return all(callable(getattr(HttpToolsProtocol, name, None)) for name in _USED)


class _Event:
    """Stands where uvicorn has an event to wake a waiting application: there is none."""

    def set(self) -> None:
        """Wake nobody."""


class Exchange:
    """A request of the fast lane as uvicorn's own code sees it, in the place of one of its cycles."""

    message_event = _Event()

    def __init__(self) -> None:
        self.response_complete = True
        self.disconnected = False
        self.keep_alive = True


class FastProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, lane: Lane, **options: Any) -> None:
        super().__init__(**options)
        self._lane = lane
        self._exchange = Exchange()
        self._fast = False
        self._buffer = b""
        self._length: bytes | None = None
        self._request_id: str | None = None
        self._budget: float | None = None
        self._declared: int | None = None
        self._head: bytes | None = None
        self._plainly: bytes | None = None
        self._phase = _IDLE
        self._since = clock()
        self._head_size = 0

    def data_received(self, data: bytes) -> None:
        """Take a whole request whose head is known, else feed the parser; what is no HTTP ends the connection."""
        self._head = None
        if self._phase == _IDLE and (end := data.find(b"\r\n\r\n")) > 0:
            known = self._lane.heads.get(data[:end])
            if known is not None and len(data) == end + 4 + known.size and self._free():
                self._since = clock()
                self._answer(data[end + 4 :], known)
                return
            self._head = data[:end]
        try:
            self._feed(data)
        except httptools.HttpParserError as error:
            self.send_400_response(f"this is not HTTP: {error}")
            return
        if self._phase == _HEAD:
            self._head_size += len(data)
            if self._head_size > _HEAD_LIMIT:
                self._end(431, f"the headers are larger than {_HEAD_LIMIT} bytes")

    def _feed(self, data: bytes) -> None:
        """Have it parsed. Raises HttpParserError.

        The parser takes what follows a request with an `Upgrade` for another protocol, which is not spoken here. The
        request is a plain one as well: it goes through the parser again, without the asking, and its body with it.
        """
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                head, self._plainly = self._plainly, None
                if head is None:  # CONNECT, which has been refused
                    return
                data = head + data[upgrade.args[0] :]
            else:
                return

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be read, as JSON, and close."""
        self._end(400, msg)

    def on_message_begin(self) -> None:
        """Begin a request; uvicorn's scope is made only if it is needed."""
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._fast = False
        self._phase = _HEAD
        self._head_size = 0
        self._since = clock()

    def on_headers_complete(self) -> None:
        """Choose the way."""
        if self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            self._plainly = self._without_upgrade()
            return
        self._phase = _BODY
        if (
            self.url in self._lane.paths
            and self._free()
            and not self.expect_100_continue
            and self.parser.get_method() == b"POST"
            and self._plain()
        ):
            self._fast = True
            self._buffer = b""
        else:
            self._hand_over()

    def on_body(self, body: bytes) -> None:
        """Collect the body, up to the size the lane takes."""
        if not self._fast:
            super().on_body(body)
            return
        self._buffer = self._buffer + body if self._buffer else body
        if len(self._buffer) > self._lane.largest:
            self._fast = False
            self._hand_over()
            super().on_body(self._buffer)
            self._buffer = b""

    def on_message_complete(self) -> None:
        """Answer, or let uvicorn."""
        if self._plainly is not None:  # it comes again
            return
        self._phase = _ANSWERING
        if not self._fast:
            if self.cycle.response_complete:  # answered before its body was read
                self._phase = _IDLE
            super().on_message_complete()
            return
        body, self._buffer = self._buffer, b""
        keep_alive = self.parser.should_keep_alive() and self.parser.get_http_version() != "1.0"
        head = Head(len(body), keep_alive, self._length, self._request_id, self._budget)
        if self._head is not None and keep_alive and self._declared == len(body):
            self._lane.remember(self._head, head)
        self._answer(body, head)

    def _answer(self, body: bytes, head: Head) -> None:
        self._phase = _ANSWERING
        self._head = None
        exchange = self._exchange
        exchange.response_complete = False
        exchange.keep_alive = head.keep_alive
        self.cycle = exchange  # type: ignore[assignment]  # it stands in for one
        self._lane.take(body, head.header_length, head.request_id, head.budget, self._write)

    def _free(self) -> bool:
        """Return whether nothing of this connection is under way."""
        cycle = self.cycle
        return (cycle is None or cycle.response_complete) and not self.pipeline and not self.flow.write_paused

    def on_response_complete(self) -> None:
        """Start the next request that has come meanwhile, if one has."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
        elif self._phase == _ANSWERING:
            self._phase = _IDLE
            self._since = clock()

    def sweep(self, now: float, idle: float, reading: float) -> None:
        """Close the connection if its client has let it wait too long, in seconds."""
        if self.transport is None or self.transport.is_closing():
            return
        waited = now - self._since
        if self._phase == _IDLE and waited > idle:
            self.transport.close()
        elif self._phase in (_HEAD, _BODY) and waited > reading:
            self._end(408, f"the request was not whole after {reading:.0f} s")

    def _plain(self) -> bool:
        """Read the headers that matter; return whether the lane can take the request."""
        self._length = self._request_id = self._budget = self._declared = None
        for name, value in self.headers:
            if name not in _SPECIAL:
                continue
            if name == b"content-length":
                self._declared = int(value)
                if self._declared > self._lane.largest:
                    return False
            elif name == b"content-encoding":
                if value.lower() != b"identity":
                    return False
            elif name == b"x-request-id":
                self._request_id = read_id(value.decode("latin-1"))
            elif name == b"inference-header-content-length":
                self._length = value
            else:
                self._budget = read_budget(value.decode("latin-1"))
        return True

    def _without_upgrade(self) -> bytes:
        """Return the head of the request without its wish for another protocol."""
        line = b"%s %s HTTP/%s" % (
            self.parser.get_method(),
            self.url,
            self.parser.get_http_version().encode(),
        )
        fields = [b"%s: %s" % field for field in self.headers if field[0] != b"upgrade"]
        return b"\r\n".join([line, *fields, b"", b""])

    def _hand_over(self) -> None:
        """Let uvicorn have the request, from its beginning."""
        url, headers, expect = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url = url
        self.headers.extend(headers)
        self.expect_100_continue = expect
        super().on_headers_complete()

    def _write(self, answer: bytes) -> None:
        exchange = self._exchange
        exchange.response_complete = True
        if self.transport.is_closing():
            return
        if exchange.keep_alive and not self._lane.draining:
            self.transport.write(answer)
        else:
            self.transport.write(closing(answer))
            self.transport.close()
        self.on_response_complete()

    def _end(self, status: int, message: str) -> None:
        """Say why, unless an answer is being written, and close."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete or not getattr(cycle, "response_started", False):
            self.transport.write(closing(refusal(status, message)))
        self.transport.close()


def read_id(text: str) -> str | None:
    """Return a request id from a header, or None where it is too long to keep or not printable."""
    return text if 0 < len(text) <= _LONGEST_ID and text.isprintable() else None


def read_budget(text: str) -> float | None:
    """Return the seconds that Envoy's `x-envoy-expected-rq-timeout-ms` gives a request, if it is a number."""
    return int(text) / 1000 if text.isascii() and text.isdigit() and 0 < len(text) < 12 else None
