"""Reading a request's body whole: up to the size limit, with or without its length, gzip or deflate or plain."""

import asyncio
import zlib

from starlette.requests import ClientDisconnect, Request

from slipway_predictor.protocol import BadRequest, TooLarge, UnsupportedMedia

_GZIP = 31  # zlib's word for: gzip, with its header
_WINDOWS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": 15}
_GZIP_BEGINS = b"\x1f\x8b"
_MEMBERS = 1000  # of one body: each costs some work, however small it is
_PIECE = 64 * 1024  # bytes given to zlib at a time: it copies those behind a member's end


async def read_body(request: Request, limit: int) -> bytes:
    """Return the body as it was before any compression. Raises BadRequest, TooLarge and UnsupportedMedia."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", *_WINDOWS):
        raise UnsupportedMedia(f"Content-Encoding '{encoding}' is not read here: send gzip, deflate or none")
    if _declared(request) > limit:
        raise too_large(limit)
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            chunks.append(chunk)
            size += len(chunk)
            if size > limit:
                raise too_large(limit)
    except ClientDisconnect:
        raise BadRequest("the client went away before its body was whole") from None
    body = b"".join(chunks)
    if encoding == "identity":
        return body
    return await asyncio.to_thread(inflate, body, encoding, limit)  # a small one may unpack to a large one


def inflate(body: bytes, encoding: str, limit: int) -> bytes:
    """Return a compressed body's content, if it is no larger than `limit` bytes. Raises BadRequest and TooLarge.

    gzip data may have several members, one after the other, whose contents are one.
    """
    content = bytearray()
    end = _member(memoryview(body), 0, encoding, content, limit)
    members = 1
    while end < len(body):
        if encoding == "deflate" or members == _MEMBERS or not body.startswith(_GZIP_BEGINS, end):
            raise BadRequest(f"{len(body) - end} bytes follow the end of the body's {encoding} data")
        end = _member(memoryview(body), end, encoding, content, limit)
        members += 1
    return bytes(content)


def _member(body: memoryview, at: int, encoding: str, content: bytearray, limit: int) -> int:
    """Unpack what begins at `at` behind the content there is; return where it ends."""
    inflater = zlib.decompressobj(_WINDOWS[encoding])
    while not inflater.eof:
        piece = body[at : at + _PIECE]
        if not piece:
            raise BadRequest(f"the body's {encoding} data is cut short")
        try:
            content += inflater.decompress(piece, limit + 1 - len(content))
        except zlib.error as error:
            raise BadRequest(f"the body is no {encoding} data: {error}") from None
        if len(content) > limit:
            raise too_large(limit)
        at += len(piece) - len(inflater.unused_data)
    return at


def too_large(limit: int) -> TooLarge:
    """Return the refusal of a body over the limit (bytes)."""
    return TooLarge(f"the body is larger than {limit} bytes: send fewer rows at a time")


def _declared(request: Request) -> int:
    text = request.headers.get("content-length", "0")
    return int(text) if text.isascii() and text.isdigit() else 0
