"""The last answers in a ring, for whoever compares revisions: a mirrored request has one id at both.

A request pays for one append; labels, scores and digests are made when somebody reads, those of large answers at once
in a thread of their own, so that the ring holds no large ones.
"""

import hashlib
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from slipway_predictor.protocol import InferenceAnswer
from slipway_predictor.protocol.binary import to_bytes

SIZE = 4096
_ROWS = 64  # of one answer in full; a larger one is kept as rows and digest only
_MANY = 1024  # rows, whose digest takes longer than the event loop may wait
_Kept = InferenceAnswer | dict[str, Any] | Future[dict[str, Any]]


class Recent:
    """A bounded ring of answers. Appending is safe from any thread."""

    def __init__(self, size: int = SIZE) -> None:
        self._ring: deque[tuple[float, str, _Kept]] = deque(maxlen=size)
        self._thread = ThreadPoolExecutor(1, "digests")  # started by the first large answer

    def add(self, request_id: str, answer: InferenceAnswer) -> None:
        """Remember an answer under the id that its request came with."""
        rows, now = len(answer.outputs[0].array), time.time()
        kept: _Kept = answer
        if rows > _MANY:
            kept = self._thread.submit(_entry, now, request_id, answer)
        elif rows > _ROWS:
            kept = _entry(now, request_id, answer)
        self._ring.append((now, request_id, kept))

    def add_failure(self, request_id: str, status: int) -> None:
        """Remember that a request was answered with an error: whoever compares revisions must see it."""
        now = time.time()
        self._ring.append((now, request_id, {"id": request_id, "time": now, "code": status}))

    def read(self, limit: int = SIZE) -> list[dict[str, Any]]:
        """Return the latest answers, oldest first: id, time, rows, label, score and digest of each.

        Of an error there are id, time and code, its HTTP status. The time is in seconds since 1970.
        """
        latest = list(self._ring)[-limit:] if limit > 0 else []
        return [entry for one in latest if (entry := _read(*one)) is not None]


def _read(at: float, name: str, kept: _Kept) -> dict[str, Any] | None:
    if isinstance(kept, Future):
        return kept.result() if kept.done() else None  # the next reader gets it
    return kept if isinstance(kept, dict) else _entry(at, name, kept)


def _entry(at: float, request_id: str, answer: InferenceAnswer) -> dict[str, Any]:
    digest = hashlib.sha256()
    for output in answer.outputs:
        digest.update(f"{output.name} {output.datatype} {output.shape} ".encode())
        digest.update(to_bytes(output.array))
    rows = len(answer.outputs[0].array)
    entry: dict[str, Any] = {"id": request_id, "time": at, "rows": rows, "digest": digest.hexdigest()}
    if rows > _ROWS:
        return entry
    arrays = {output.name: output.array for output in answer.outputs}
    if "label" in arrays:
        entry["label"] = arrays["label"].tolist()
    if "probability" in arrays:
        entry["score"] = np.max(arrays["probability"], axis=1).tolist()
    elif score := {"value", "score"} & arrays.keys():
        entry["score"] = arrays[score.pop()].tolist()
    return entry
