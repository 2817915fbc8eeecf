"""The last answers in a ring, for whoever compares revisions: a mirrored request has one id at both.

A request pays for one append; labels, scores and digests are made when somebody reads.
"""

import hashlib
import time
from collections import deque
from typing import Any

import numpy as np

from slipway_predictor.protocol import InferenceAnswer
from slipway_predictor.protocol.binary import to_bytes

SIZE = 4096
_ROWS = 64  # of one answer in full; a larger one is kept as rows and digest only


class Recent:
    """A bounded ring of answers. Appending is safe from any thread."""

    def __init__(self, size: int = SIZE) -> None:
        self._ring: deque[tuple[float, str, InferenceAnswer | dict[str, Any]]] = deque(maxlen=size)

    def add(self, request_id: str, answer: InferenceAnswer) -> None:
        """Remember an answer under the id that its request came with."""
        large = len(answer.outputs[0].array) > _ROWS
        now = time.time()
        self._ring.append((now, request_id, _entry(now, request_id, answer) if large else answer))

    def add_failure(self, request_id: str, status: int) -> None:
        """Remember that a request was answered with an error: whoever compares revisions must see it."""
        now = time.time()
        self._ring.append((now, request_id, {"id": request_id, "time": now, "code": status}))

    def read(self, limit: int = SIZE) -> list[dict[str, Any]]:
        """Return the latest answers, oldest first: id, time, rows, label, score and digest of each.

        Of an error there are id, time and code, its HTTP status. The time is in seconds since 1970.
        """
        latest = list(self._ring)[-limit:] if limit > 0 else []
        return [kept if isinstance(kept, dict) else _entry(at, name, kept) for at, name, kept in latest]


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
    elif "value" in arrays:
        entry["score"] = arrays["value"].tolist()
    return entry
