"""The fast lane: an inference request from HTTP body to HTTP answer, with nothing in between.

What `serving.fast` reads from a connection is answered here through the same service as everything else. Knows HTTP's
bytes, but neither uvicorn nor FastAPI.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple

from slipway_predictor.protocol import Overloaded, RequestError, v2_json
from slipway_predictor.protocol.messages import InferenceRequest
from slipway_predictor.serving.lifecycle import State
from slipway_predictor.serving.service import Call, Outcome, Service

_JSON = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
_BINARY = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\n"
    b"inference-header-content-length: %d\r\ncontent-length: %d\r\n\r\n"
)
_CLOSE = b"connection: close\r\n\r\n"

INLINE = 64 * 1024
"""Bytes of a body that are read and parsed on the event loop; a larger one takes the SDK's route, in a thread."""

_HEADS = 256
_HEAD_BYTES = 1024

Write = Callable[[bytes], None]


class Head(NamedTuple):
    """What the head of a request (its line and headers) says: the body's size, and what is to be known to answer."""

    size: int
    keep_alive: bool
    header_length: bytes | None
    request_id: str | None
    budget: float | None


class Lane:
    """The answers to inference requests of one model."""

    def __init__(self, service: Service, max_body: int) -> None:
        self.service = service
        self.largest = min(INLINE, max_body)
        """Bytes of a body that is taken; the ordinary route refuses what is larger than any may be."""
        identity = service.identity
        path = f"/v2/models/{identity.model_name}"
        self.paths = frozenset(
            text.encode() for text in (f"{path}/infer", f"{path}/versions/{identity.version}/infer")
        )
        self.heads: dict[bytes, Head] = {}
        """Heads that were parsed before. A client sends the same bytes again and again, and they mean the same."""

    def remember(self, head: bytes, meaning: Head) -> None:
        """Keep what a head was found to say. Those that carry an id of their own come once and are not kept."""
        if meaning.request_id is None and len(self.heads) < _HEADS and len(head) <= _HEAD_BYTES:
            self.heads[head] = meaning

    @property
    def draining(self) -> bool:
        """Whether answers ask the client to close its connection."""
        return self.service.lifecycle.state is State.DRAINING

    def take(
        self,
        body: bytes,
        header_length: bytes | None,
        request_id: str | None,
        budget: float | None,
        write: Write,
    ) -> None:
        """Answer a request; `write` is called once with the whole HTTP answer, perhaps before this returns."""
        call = self.service.begin("v2", request_id, budget)
        try:
            self.service.admit(call)
            length = (
                None
                if header_length is None
                else v2_json.parse_header_length(header_length.decode("latin-1"))
            )
            request = v2_json.decode(body, length)
            self.service.ask(call, request, _Asked(self, call, request, write).reply)
        except Exception as error:
            write(self._failed(call, error))

    def _failed(self, call: Call, error: Exception) -> bytes:
        status = self.service.end(call, error)
        message = str(error) if isinstance(error, RequestError) else failure(error)
        return refusal(
            status, message, retry_after=error.retry_after if isinstance(error, Overloaded) else None
        )

    def finish(self, call: Call, request: InferenceRequest, outcome: Outcome) -> bytes:
        """Return the HTTP answer for what came of a request, and close the books on it."""
        if isinstance(outcome, RequestError):
            return self._failed(call, outcome)
        try:
            body, length = v2_json.encode_for(request, outcome)
        except Exception as error:
            return self._failed(call, error)
        self.service.end(call)
        head = _JSON % len(body) if length is None else _BINARY % (length, len(body))
        return head + body


class _Asked:
    """A request in the queue and the connection it came by."""

    __slots__ = ("_call", "_lane", "_request", "_write")

    def __init__(self, lane: Lane, call: Call, request: InferenceRequest, write: Write) -> None:
        self._lane = lane
        self._call = call
        self._request = request
        self._write = write

    def reply(self, outcome: Outcome) -> None:
        self._write(self._lane.finish(self._call, self._request, outcome))


def refusal(status: int, message: str, *, retry_after: int | None = None) -> bytes:
    """Return a whole HTTP answer that says what is wrong."""
    body = v2_json.encode_error(message)
    retry = b"" if retry_after is None else b"retry-after: %d\r\n" % retry_after
    return b"HTTP/1.1 %d %s\r\ncontent-type: application/json\r\n%scontent-length: %d\r\n\r\n%s" % (
        status,
        HTTPStatus(status).phrase.encode(),
        retry,
        len(body),
        body,
    )


def closing(answer: bytes) -> bytes:
    """Return an HTTP answer with `connection: close` among its headers."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return b"%s\r\n%s%s" % (head, _CLOSE, body)


def failure(error: Exception) -> str:
    """Return what a client is told of an error of our own."""
    return f"the predictor failed on this request: {type(error).__name__}"
