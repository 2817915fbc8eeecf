"""How far two revisions' answers to the same requests agree. Pure: the rings of answers in, a report out.

A mirrored request has one id at both. An id that is seen twice at one of them is nobody's, and is left out; so is an
answer of which the ring keeps neither labels nor scores (one of many rows), unless both are the same to the last bit.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from slipway_operator.api.gates import Flip, Segment, ShadowReport

MOST = 10
"""Flips and segments that a report lists."""

REMEMBERED = 20_000
"""Ids, and answers that wait for their counterparts, of one revision; the oldest are given up."""

Json = dict[str, Any]
Score = float | list[float]
"""Of one row; a list where the model has several outputs."""


@dataclass
class Half:
    """The answers of one revision that have no counterpart yet."""

    waiting: dict[str, Json] = field(default_factory=dict)
    _ids: dict[str, None] = field(default_factory=dict)
    _newest: dict[str, float] = field(default_factory=dict)
    """Pod → the time of its latest answer that was taken in: rings are read again and again."""

    def take(self, pod: str, answers: Iterable[Json]) -> None:
        """Enter what is new in the ring of one pod."""
        newest = self._newest.get(pod, 0.0)
        for answer in answers:
            if answer["time"] > newest:
                self._newest[pod] = max(self._newest.get(pod, 0.0), answer["time"])
                self._enter(str(answer["id"]), answer)
        for kept in (self.waiting, self._ids):
            for name in list(kept)[: max(0, len(kept) - REMEMBERED)]:
                del kept[name]

    def _enter(self, name: str, answer: Json) -> None:
        if name in self._ids:
            self.waiting.pop(name, None)
        else:
            self._ids[name] = None
            self.waiting[name] = answer


@dataclass
class Comparison:
    """Both revisions' answers, and what comparing them has shown so far."""

    tolerance: float
    stable: Half = field(default_factory=Half)
    canary: Half = field(default_factory=Half)
    requests: int = 0
    failed: int = 0
    identical: int = 0
    rows: int = 0
    alike: int = 0
    deltas: int = 0
    delta_sum: float = 0.0
    delta_max: float = 0.0
    flips: Counter[tuple[str, str]] = field(default_factory=Counter)
    segments: Counter[str] = field(default_factory=Counter)
    segments_alike: Counter[str] = field(default_factory=Counter)

    def compare(self) -> None:
        """Compare all answers that have found their counterparts."""
        for name in self.stable.waiting.keys() & self.canary.waiting.keys():
            self._pair(self.stable.waiting.pop(name), self.canary.waiting.pop(name))

    def report(self) -> ShadowReport:
        """What has been compared so far."""
        flips = [
            Flip(stable=ours, canary=theirs, rows=rows)
            for (ours, theirs), rows in self.flips.most_common(MOST)
        ]
        segments = [
            Segment(label=label, rows=rows, agreement=round(self.segments_alike[label] / rows, 4))
            for label, rows in self.segments.most_common(MOST)
        ]
        return ShadowReport(
            requests=self.requests,
            failed=self.failed,
            identical=self.identical,
            rows=self.rows,
            agreement=round(self.alike / self.rows, 4) if self.rows else 0.0,
            mean_delta=round(self.delta_sum / self.deltas, 6) if self.deltas else None,
            max_delta=round(self.delta_max, 6) if self.deltas else None,
            flips=flips or None,
            segments=segments or None,
        )

    def _pair(self, ours: Json, theirs: Json) -> None:
        if "code" in ours:
            return  # stable has failed on it: there is nothing to hold the canary's answer against
        rows = int(ours["rows"])
        alike = self._alike(ours, theirs, rows)
        if alike is None:
            return
        self.requests += 1
        self.failed += "code" in theirs
        self.rows += rows
        self.alike += sum(alike)
        for label, agrees in zip(_labels(ours) or (), alike, strict=False):
            self.segments[label] += 1
            self.segments_alike[label] += agrees

    def _alike(self, ours: Json, theirs: Json, rows: int) -> Sequence[bool] | None:
        """Row by row, whether the answers agree; None where that cannot be said."""
        if "code" in theirs or theirs["rows"] != rows:
            return [False] * rows
        if ours["digest"] == theirs["digest"]:
            self.identical += 1
            self._measure([0.0] * rows)
            return [True] * rows
        labels, scores = (_labels(ours), _labels(theirs)), (ours.get("score"), theirs.get("score"))
        if labels[0] is not None and labels[1] is not None:
            return self._by_label(labels[0], labels[1], scores)
        if scores[0] is None or scores[1] is None:
            return None
        pairs = list(zip(scores[0], scores[1], strict=True))
        self._measure([_distance(one, other) for one, other in pairs])
        return [self._close(one, other) for one, other in pairs]

    def _by_label(self, ours: list[str], theirs: list[str], scores: tuple[Any, Any]) -> list[bool]:
        alike = [one == other for one, other in zip(ours, theirs, strict=True)]
        self.flips.update((one, other) for one, other in zip(ours, theirs, strict=True) if one != other)
        if scores[0] is not None and scores[1] is not None:
            # A score is that of the label that was given: those of different labels say nothing together.
            self._measure([_distance(a, b) for a, b, same in zip(*scores, alike, strict=True) if same])
        return alike

    def _close(self, one: Score, other: Score) -> bool:
        values = zip(_values(one), _values(other), strict=True)
        return all(abs(a - b) <= self.tolerance * max(1.0, abs(a)) for a, b in values)

    def _measure(self, deltas: Sequence[float]) -> None:
        self.deltas += len(deltas)
        self.delta_sum += sum(deltas)
        self.delta_max = max([self.delta_max, *deltas])


def _distance(one: Score, other: Score) -> float:
    """How far apart two scores are; of several outputs, those that are farthest."""
    return max(abs(a - b) for a, b in zip(_values(one), _values(other), strict=True))


def _values(score: Score) -> list[float]:
    return score if isinstance(score, list) else [score]


def _labels(answer: Json) -> list[str] | None:
    labels = answer.get("label")
    return None if labels is None else [str(label) for label in labels]
