"""Counting: what the predictor tells of its requests, served at /metrics beside KServe's and the process's own figures.

A request pays for what it adds, at once: sums put off are a pause for whoever comes when they are made. The names that
come of the figures are in `families`.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Lock

from prometheus_client import PROCESS_COLLECTOR, REGISTRY, CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from slipway_predictor.monitoring.families import families
from slipway_predictor.monitoring.snapshot import Snapshot
from slipway_predictor.monitoring.tally import Tally
from slipway_predictor.protocol import InferenceAnswer

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the duration histogram, in seconds."""

_CALLS = (1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0)
_BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
PROBABILITIES = tuple(step / 20 for step in range(1, 21))
"""Upper bounds of the scores, where they are probabilities."""
_SCORES = {
    "probability": 2,
    "value": 1,
    "score": 1,
}  # the outputs that are scores, and their dimensions at most


class Metrics(Collector):
    """All figures of one served model in this process."""

    def __init__(self, model_name: str, revision: str, registry: CollectorRegistry = REGISTRY) -> None:
        self._who = (model_name, revision)
        self._served: list[dict[str, str]] = []
        self._warnings: list[str] = []
        # Present from the start, so that the first failure is an increase and not the birth of a series.
        self._requests: Counter[tuple[str, int]] = Counter({("v2", 200): 0, ("v2", 500): 0})
        self._reasons: Counter[str] = Counter()
        self._rejected: Counter[str] = Counter()
        self._fallbacks = 0
        self._filled: Counter[str] = Counter()
        self._durations = Tally(BUCKETS)
        self._scores = Tally(PROBABILITIES)
        self._calls = Tally(_CALLS)
        self._batches = Tally(_BATCHES)
        self._lock = Lock()
        self.under_way: Callable[[], int] = lambda: 0
        registry.register(self)

    def request(self, protocol: str, code: int, seconds: float) -> None:
        """Count one inference request. `protocol`: v2 or v1 (REST) or grpc-v2, KServe's words."""
        with self._lock:
            self._requests[protocol, code] += 1
            self._durations.add(seconds)

    def answered(self, answer: InferenceAnswer) -> None:
        """Take notice of an answer's scores: the probability of the last class, or a regressor's value."""
        for output in answer.outputs:
            array = output.array
            if (most := _SCORES.get(output.name)) is None or array.ndim > most:
                continue
            with self._lock:
                if len(array) == 1:
                    self._scores.add(array.item(-1))
                else:
                    self._scores.add_all(array if array.ndim == 1 else array[:, -1])

    def called(self, _requests: int, rows: int, seconds: float) -> None:
        """Take notice of a call of the engine; from the event loop's thread alone."""
        self._batches.add(rows)
        self._calls.add(seconds)

    def failed(self, reason: str, field: str | None) -> None:
        """Count a failure by its reason, and by the input whose rule was broken, if one was."""
        with self._lock:
            self._reasons[reason] += 1
            if field is not None:
                self._rejected[field] += 1

    def filled(self, counts: Mapping[str, int]) -> None:
        """Count a request in which defaults of the contract stand in for so many values, by input."""
        with self._lock:
            self._fallbacks += 1
            self._filled.update(counts)

    def serving(
        self,
        *,
        version: str,
        digest: str,
        engine: str,
        scores: Sequence[float] = PROBABILITIES,
        warnings: Sequence[str] = (),
        fills: Sequence[str] = (),
    ) -> None:
        """Tell what is served, before the first answer.

        `scores`: rising upper bounds of their histogram, `fills`: the inputs with a default.
        """
        self._filled = Counter(dict.fromkeys(fills, 0))
        self._served = [{"version": version, "digest": digest, "engine": engine}]
        self._warnings = list(warnings)
        self._scores = Tally(scores)

    def snapshot(self) -> Snapshot:
        """Return all figures as they are now."""
        tallies = {
            "inference_request_duration_seconds": self._durations,
            "model_inference_duration_seconds": self._calls,
            "inference_batch_rows": self._batches,
            "prediction_scores": self._scores,
        }
        with self._lock:
            reasons, rejected = dict(self._reasons), dict(self._rejected)
            fallbacks, filled = self._fallbacks, dict(self._filled)
            requests = {f"{protocol} {code}": n for (protocol, code), n in self._requests.items()}
            histograms = {name: tally.read() for name, tally in tallies.items()}
        return Snapshot(
            requests,
            reasons,
            rejected,
            fallbacks,
            filled,
            histograms,
            self.under_way(),
            self._served,
            self._warnings,
            _process(),
        )

    def describe(self) -> list[Metric]:
        """Return nothing: no other collector has these names."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield all families."""
        yield from families(self.snapshot(), *self._who)


def _process() -> dict[str, float]:
    """Return the process's own figures by name; none where Prometheus' client cannot tell them (not Linux)."""
    samples = (sample for family in PROCESS_COLLECTOR.collect() for sample in family.samples)
    return {sample.name: sample.value for sample in samples}
