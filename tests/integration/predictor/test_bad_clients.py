"""Clients that are slow, lie, or send what nobody should, over real sockets: each gets its 4xx, the next its answer."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from .conftest import Serve, Served, matrix

PATH = "/v2/models/breast-cancer/infer"
MIB = 2**20


@pytest.fixture(scope="module")
def served(serve: Serve, bundles: Path) -> Served:
    limits = ("--read-seconds", "1", "--idle-seconds", "2", "--max-body-mib", "32")
    return serve(bundles / "v1", *limits)


@contextmanager
def connected(served: Served) -> Iterator[socket.socket]:
    port = int(served.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        yield connection


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """Read one answer with a Content-Length, or nothing: (0, b"")."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return 0, data
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    while len(body) < int(fields[b"content-length"]):
        body += connection.recv(65536)
    return int(head.split()[1]), body


def request(body: bytes, *headers: bytes, length: int | None = None) -> bytes:
    lines = [
        b"POST %s HTTP/1.1" % PATH.encode(),
        b"host: x",
        b"content-length: %d" % (len(body) if length is None else length),
        *headers,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@pytest.fixture(scope="module")
def good(holdout: dict[str, Any]) -> bytes:
    return json.dumps(matrix(holdout["rows"][0])).encode()


def test_a_client_whose_headers_never_end_is_told_and_left(served: Served, good: bytes) -> None:
    with connected(served) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nx: ")
        begin = time.monotonic()
        status, body = answer(connection)
        assert status == 408
        assert json.loads(body) == {"error": "the request was not whole after 1 s"}
        assert time.monotonic() - begin < 10
        assert connection.recv(1) == b""


@pytest.mark.parametrize("size", [1000, 100_000], ids=["fast lane", "ordinary route"])
def test_a_client_that_dribbles_its_body_is_told_and_left(served: Served, size: int) -> None:
    with connected(served) as connection:
        connection.sendall(request(b"{", length=size))
        connection.settimeout(0.05)
        begin = time.monotonic()
        data = b""
        while time.monotonic() < begin + 10 and b"\r\n\r\n" not in data:
            try:
                connection.sendall(b" ")
                data += connection.recv(65536)
            except TimeoutError:
                continue
        assert data.startswith(b"HTTP/1.1 408 ")


def test_an_idle_connection_is_closed_but_not_one_in_use(served: Served, good: bytes) -> None:
    with connected(served) as idle, connected(served) as used:
        begin = time.monotonic()
        while time.monotonic() < begin + 4:
            used.sendall(request(good))
            assert answer(used)[0] == 200
            time.sleep(0.1)
        assert idle.recv(1) == b""
        used.sendall(request(good))
        assert answer(used)[0] == 200


def test_many_slow_clients_do_not_hinder_a_quick_one(served: Served, good: bytes) -> None:
    slow = [socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2]))) for _ in range(200)]
    try:
        for connection in slow:
            connection.sendall(request(b"{", length=1000))
        begin = time.monotonic()
        for _ in range(20):
            assert served.post(PATH, content=good).status_code == 200
        assert time.monotonic() - begin < 10
    finally:
        for connection in slow:
            connection.close()


def tensors(**changes: Any) -> dict[str, Any]:
    return {"inputs": [{"name": "x", "datatype": "FP64", "shape": [1, 30], "data": [1.0] * 30} | changes]}


MILLION = 10**6
ODD: dict[str, tuple[bytes, list[bytes], int]] = {
    "deep JSON": (b'{"inputs":' + b"[" * 50_000, [], 400),
    "deep JSON, closed": (b"[" * 2000 + b"]" * 2000, [], 400),
    "huge number": (json.dumps(tensors(data=[10**4000] * 30)).encode(), [], 400),
    "a number beyond a double": (json.dumps(tensors()).encode().replace(b"1.0", b"1e999"), [], 400),
    "numbers nobody computes with": (json.dumps(tensors(data=[1.7e308, -1.7e308] * 15)).encode(), [], 400),
    "wrong shape": (json.dumps(tensors(shape=[30, 30])).encode(), [], 400),
    "shape of eight huge sizes": (json.dumps(tensors(shape=[2**31 - 1] * 8)).encode(), [], 400),
    "zero rows": (json.dumps(tensors(shape=[0, 30], data=[])).encode(), [], 400),
    "zero columns": (json.dumps(tensors(shape=[MILLION, 0], data=[])).encode(), [], 400),
    "a million rows of one": (json.dumps(tensors(shape=[MILLION, 1], data=[1] * MILLION)).encode(), [], 400),
    "a million names": (json.dumps({"inputs": [{"name": str(n)} for n in range(MILLION // 10)]}).encode(), [], 400),
    "duplicate names": (json.dumps({"inputs": tensors()["inputs"] * 2}).encode(), [], 400),
    "invalid UTF-8": (json.dumps(tensors(name="?")).encode().replace(b"?", b"\xff"), [], 400),
    "half a character": (json.dumps(tensors()).encode().replace(b'"x"', b'"\\ud800"'), [], 400),
    "truncated binary": (b'{"inputs":[{"name":"x","datatype":"FP64","shape":[1,30],"parameters":{"binary_data_size":240}}]}1234',
                         [b"inference-header-content-length: 96"], 400),
    "lying JSON length": (json.dumps(tensors()).encode(), [b"inference-header-content-length: 4000"], 400),
    "absurd JSON length": (json.dumps(tensors()).encode(), [b"inference-header-content-length: -1"], 400),
    "no gzip": (b"plain", [b"content-encoding: gzip"], 400),
    "unknown encoding": (b"plain", [b"content-encoding: zstd"], 415),
    "too large": (b" " * (33 * MIB), [], 413),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_an_odd_body_is_refused_and_the_next_request_on_the_connection_answered(
    served: Served, good: bytes, name: str
) -> None:
    body, headers, status = ODD[name]
    with httpx.Client(base_url=served.url, timeout=60) as client:
        fields = [tuple(header.split(b": ", 1)) for header in headers]
        response = client.post(PATH, content=body, headers=fields)
        assert response.status_code == status
        assert list(response.json()) == ["error"]
        assert len(response.content) < 2000, "a refusal does not repeat what was sent"
        assert client.post(PATH, content=good).status_code == 200
    assert "Traceback" not in served.errors


def test_a_million_rows_that_fit_are_answered(serve: Serve, bundles: Path, holdout: dict[str, Any]) -> None:
    """Not refused: the contract sets no limit. Health answers meanwhile."""
    served = serve(bundles / "v1", "--max-body-mib", "512")
    head = (
        b'{"inputs":[{"name":"x","datatype":"FP64","shape":[1000000,30],"parameters":{"binary_data_size":240000000}}],'
        b'"outputs":[{"name":"label","parameters":{"binary_data":true}}]}'
    )
    import numpy as np

    row = np.array(holdout["rows"][0]).tobytes()
    headers = {"inference-header-content-length": str(len(head))}
    response = served.post(PATH, content=head + row * MILLION, headers=headers)
    assert response.status_code == 200
    assert len(response.content) > 8 * MILLION
    assert served.get("/v2/health/ready").status_code == 200


@pytest.mark.parametrize("length", [5, 100_000])
def test_a_length_that_promises_more_than_comes_ends_with_the_connection(
    served: Served, good: bytes, length: int
) -> None:
    with connected(served) as connection:
        connection.sendall(request(b"{}", length=length))
        connection.shutdown(socket.SHUT_WR)
        status, _ = answer(connection)
        assert status in (0, 400, 408)
    assert served.post(PATH, content=good).status_code == 200


def test_a_length_that_promises_less_leaves_bytes_that_are_no_request(served: Served, good: bytes) -> None:
    with connected(served) as connection:
        connection.sendall(request(b"{}garbage without end\r\n\r\n", length=2))
        # Both answers may come in one piece: read to the end, which the server makes, and look at them then.
        said = b"".join(iter(lambda: connection.recv(65536), b""))
    first, second = said.split(b"HTTP/1.1 ")[1:]
    for one in (first, second):
        assert one.startswith(b"400 "), said
        assert list(json.loads(one.partition(b"\r\n\r\n")[2])) == ["error"]
    assert served.post(PATH, content=good).status_code == 200


def test_pipelined_requests_are_answered_in_their_order(served: Served, holdout: dict[str, Any]) -> None:
    bodies = [json.dumps(matrix(row, id=str(n))).encode() for n, row in enumerate(holdout["rows"][:8])]
    with connected(served) as connection:
        connection.sendall(b"".join(map(request, bodies)))
        reader = connection.makefile("rb")
        ids = []
        for _ in bodies:
            size = 0
            while (line := reader.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    size = int(line.split(b":")[1])
            ids.append(json.loads(reader.read(size))["id"])
    assert ids == [str(n) for n in range(len(bodies))]


def test_headers_without_end_are_431(served: Served) -> None:
    with connected(served) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 20_000)
        status, body = answer(connection)
        assert status == 431
        assert list(json.loads(body)) == ["error"]
