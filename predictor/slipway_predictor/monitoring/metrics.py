"""The predictor's Prometheus metrics, served at /metrics beside KServe's and the process's own.

The operator reads `slipway_predictor_requests_total` from the pods to compare revisions: its labels are an interface.
The `inference_*` families are the same figures under the names the field uses. A request pays for one append; figures
are added up hundreds of requests at a time, or when somebody reads.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from threading import Lock

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from slipway_predictor.monitoring.tally import Tally
from slipway_predictor.protocol import InferenceAnswer

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the duration histogram, in seconds."""

_CALLS = (1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0)
_BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
_SCORES = tuple(step / 20 for step in range(1, 21))
_MOST_ROWS = 10_000  # of one answer, so that what is kept until it is counted stays small
_TOGETHER = 512
_BY_CODE = "Inference requests by HTTP status (for gRPC its equivalent): 5xx the predictor's failure, 4xx the client's."
_TIME = "Inference requests from the first byte of the body read to the answer made."


class Metrics(Collector):
    """All metrics of one served model."""

    def __init__(self, model_name: str, revision: str, registry: CollectorRegistry = REGISTRY) -> None:
        self._who = [model_name, revision]
        self._served: dict[str, str] = {}
        self._new: deque[tuple[str, int, float]] = deque()
        self._answers: deque[InferenceAnswer] = deque()
        # Present from the start, so that the first failure is an increase and not the birth of a series.
        self._requests: Counter[tuple[str, int]] = Counter({("v2", 200): 0, ("v2", 500): 0})
        self._reasons: Counter[str] = Counter()
        self._fields: Counter[str] = Counter()
        self._durations = Tally(BUCKETS)
        self._scores = Tally(_SCORES)
        self._calls = Tally(_CALLS)
        self._batches = Tally(_BATCHES)
        self._lock = Lock()
        self.under_way: Callable[[], int] = lambda: 0
        registry.register(self)

    def request(self, protocol: str, code: int, seconds: float) -> None:
        """Count one inference request. `protocol`: v2 or v1 (REST) or grpc-v2, KServe's words."""
        self._new.append((protocol, code, seconds))
        if len(self._new) >= _TOGETHER:
            self._count()

    def answered(self, answer: InferenceAnswer) -> None:
        """Take notice of an answer's scores: the probability of the last class, or a regressor's value."""
        self._answers.append(answer)
        if len(self._answers) >= _TOGETHER:
            self._count()

    def called(self, _requests: int, rows: int, seconds: float) -> None:
        """Take notice of a call of the engine."""
        self._batches.add(rows)
        self._calls.add(seconds)

    def failed(self, reason: str, field: str | None) -> None:
        """Count a failure by its reason, and by the input whose rule was broken, if one was."""
        with self._lock:
            self._reasons[reason] += 1
            if field is not None:
                self._fields[field] += 1

    def serving(self, *, version: str, digest: str, engine: str) -> None:
        """Tell what is served."""
        self._served = {"version": version, "digest": digest, "engine": engine}

    def describe(self) -> list[Metric]:
        """Return nothing: no other collector has these names."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield all families."""
        self._count()
        yield from self._ours()
        yield from self._the_field_s()

    def _count(self) -> None:
        """Add up what has come since the last time."""
        with self._lock:
            for _ in range(len(self._new)):
                protocol, code, seconds = self._new.popleft()
                self._requests[protocol, code] += 1
                self._durations.add(seconds)
            for _ in range(len(self._answers)):
                for output in self._answers.popleft().outputs:
                    if output.name == "probability":
                        self._scores.add(output.array[:_MOST_ROWS, -1])
                    elif output.name == "value" and output.array.ndim == 1:
                        self._scores.add(output.array[:_MOST_ROWS])

    def _ours(self) -> Iterator[Metric]:
        labels = ["model_name", "revision"]
        requests = CounterMetricFamily(
            "slipway_predictor_requests", _BY_CODE, labels=[*labels, "protocol", "code"]
        )
        for (protocol, code), count in sorted(self._requests.items()):
            requests.add_metric([*self._who, protocol, str(code)], count)
        yield requests
        yield self._histogram("slipway_predictor_request_duration_seconds", _TIME, labels, self._durations)
        info = GaugeMetricFamily(
            "slipway_predictor_model_info",
            "1, with what is served as labels.",
            labels=[*labels, "version", "digest", "engine"],
        )
        if self._served:
            info.add_metric([*self._who, *self._served.values()], 1)
        yield info

    def _the_field_s(self) -> Iterator[Metric]:
        labels = ["model", "revision"]
        codes: Counter[str] = Counter()
        for (_, code), count in self._requests.items():
            codes[str(code)] += count
        yield self._counts("inference_requests", _BY_CODE, [*labels, "code"], codes)
        yield self._counts(
            "inference_errors",
            "Inference requests that failed, by reason.",
            [*labels, "reason"],
            self._reasons,
        )
        yield self._counts(
            "inference_rejected_values",
            "Requests refused because a value broke a rule of the contract, by input.",
            [*labels, "field"],
            self._fields,
        )
        for name, text, tally in (
            ("inference_request_duration_seconds", _TIME, self._durations),
            ("model_inference_duration_seconds", "Calls of the engine.", self._calls),
            ("inference_batch_rows", "Rows answered by one call of the engine.", self._batches),
            ("prediction_scores", "Probabilities of the last class, or a regressor's values.", self._scores),
        ):
            yield self._histogram(name, text, labels, tally)
        active = GaugeMetricFamily("inference_active_requests", "Requests under way.", labels=labels)
        active.add_metric(self._who, self.under_way())
        yield active
        versions = GaugeMetricFamily("loaded_model_versions", "1 if loaded.", labels=[*labels, "version"])
        if self._served:
            versions.add_metric([*self._who, self._served["version"]], 1)
        yield versions

    def _counts(self, name: str, text: str, labels: list[str], counts: Counter[str]) -> Metric:
        family = CounterMetricFamily(name, text, labels=labels)
        for value, count in sorted(counts.items()):
            family.add_metric([*self._who, value], count)
        return family

    def _histogram(self, name: str, text: str, labels: list[str], tally: Tally) -> Metric:
        family = HistogramMetricFamily(name, text, labels=labels)
        family.add_metric(self._who, *tally.read())
        return family
