"""Reading a request's body whole: up to the size limit, with or without its length, gzip or deflate or plain."""

import zlib

from starlette.requests import ClientDisconnect, Request

from slipway_predictor.protocol import BadRequest, TooLarge, UnsupportedMedia

_GZIP = 31  # zlib's word for: gzip, with its header
_WINDOWS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": 15}


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
    return body if encoding == "identity" else inflate(body, encoding, limit)


def inflate(body: bytes, encoding: str, limit: int) -> bytes:
    """Return a compressed body's content, if it is no larger than `limit` bytes. Raises BadRequest and TooLarge."""
    inflater = zlib.decompressobj(_WINDOWS[encoding])
    try:
        content = inflater.decompress(body, limit + 1)
    except zlib.error as error:
        raise BadRequest(f"the body is no {encoding} data: {error}") from None
    if len(content) > limit:
        raise too_large(limit)
    if not inflater.eof:
        raise BadRequest(f"the body's {encoding} data is cut short")
    return content


def too_large(limit: int) -> TooLarge:
    """Return the refusal of a body over the limit (bytes)."""
    return TooLarge(f"the body is larger than {limit} bytes: send fewer rows at a time")


def _declared(request: Request) -> int:
    text = request.headers.get("content-length", "0")
    return int(text) if text.isascii() and text.isdigit() else 0
