"""One JSON line for some of the requests, on stdout: id, protocol, status, milliseconds, and inputs only where asked for.

A request that is not chosen pays for one addition; one that is, for an append. A thread makes the text and writes it,
and drops lines rather than let requests wait for whoever reads them.
"""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import Any, TextIO

import orjson

from slipway_predictor.protocol import InferenceRequest

_MOST = 1000  # lines that wait to be written
_ROWS = 16  # of a request's inputs that are written


class Journal:
    """Where requests are noted. Safe from any thread; `close` writes what is left."""

    def __init__(
        self, share: float, about: Mapping[str, str], stream: TextIO, *, values: bool = False
    ) -> None:
        """`share` of all requests is noted, evenly; `about` is in each line; `values`: the inputs as well."""
        self.values = values
        self._share = share
        self._about = dict(about)
        self._stream = stream
        self._owed = 0.0
        self._dropped = 0
        self._lines: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="journal", daemon=True)
        self._thread.start()

    def due(self) -> bool:
        """Return whether the request that begins now is to be noted."""
        self._owed += self._share
        if self._owed < 1.0:
            return False
        self._owed -= 1.0
        return True

    def note(
        self,
        *,
        request_id: str | None,
        protocol: str,
        status: int,
        seconds: float,
        error: str | None,
        request: InferenceRequest | None,
    ) -> None:
        """Note a request that has ended. `error`: the kind of failure; its text might hold values."""
        if self._lines.qsize() >= _MOST:
            self._dropped += 1
            return
        line = {
            "time": datetime.now(UTC),
            "id": request_id,
            "protocol": protocol,
            "status": status,
            "ms": round(seconds * 1e3, 3),
            "error": error,
            "inputs": request,
            "dropped": self._dropped,
        }
        self._dropped = 0
        self._lines.put(line)

    def close(self) -> None:
        """Write what is left."""
        self._lines.put(None)
        self._thread.join(1.0)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._stream.write(self._text(line) + "\n")
                self._stream.flush()
            except (OSError, ValueError):  # nobody reads any more
                return

    def _text(self, line: dict[str, Any]) -> str:
        line["time"] = line["time"].isoformat(timespec="milliseconds")
        request = line.pop("inputs")
        if request is not None:
            line["inputs"] = {tensor.name: tensor.array[:_ROWS].tolist() for tensor in request.inputs}
        for word in ("error", "dropped"):
            if not line[word]:
                del line[word]
        return orjson.dumps(self._about | line).decode()  # which writes NaN as null
