"""The predictor's Prometheus metrics, served at /metrics beside KServe's and the process's own.

The operator reads `slipway_predictor_requests_total` from the pods to compare revisions: its labels are an interface.
The `inference_*` families are the same figures under the names the field uses; they are made of the first when
somebody reads, so that a request costs two dictionary look-ups and a few additions, whatever is shown.
"""

from collections.abc import Callable, Iterator
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from slipway_predictor.monitoring.tally import Tally
from slipway_predictor.protocol import InferenceAnswer

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the duration histogram, in seconds."""

_CALLS = (1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0)
_BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
_MOST_ROWS = 10_000  # of one answer, so that what is kept until it is counted stays small


class Metrics:
    """All metrics of one served model."""

    def __init__(self, model_name: str, revision: str, registry: CollectorRegistry = REGISTRY) -> None:
        self._model_name = model_name
        self._revision = revision
        self._requests = Counter(
            "slipway_predictor_requests_total",
            "Inference requests by HTTP status (for gRPC its equivalent): 5xx the predictor's failure, 4xx the client's.",
            ["model_name", "revision", "protocol", "code"],
            registry=registry,
        )
        self._duration_family = Histogram(
            "slipway_predictor_request_duration_seconds",
            "Inference requests from the first byte of the body read to the answer made.",
            ["model_name", "revision"],
            buckets=BUCKETS,
            registry=registry,
        )
        self._durations = self._duration_family.labels(model_name, revision)
        self._info = Gauge(
            "slipway_predictor_model_info",
            "1, with what is served as labels.",
            ["model_name", "revision", "version", "digest", "engine"],
            registry=registry,
        )
        self._errors = Counter(
            "inference_errors_total",
            "Inference requests that failed, by reason.",
            ["model", "revision", "reason"],
            registry=registry,
        )
        self._rejections = Counter(
            "inference_rejected_values_total",
            "Requests refused because a value broke a rule of the contract, by input.",
            ["model", "revision", "field"],
            registry=registry,
        )
        self.under_way: Callable[[], int] = lambda: 0
        self._scores = Tally([step / 20 for step in range(1, 21)])
        self._calls = Tally(_CALLS)
        self._batches = Tally(_BATCHES)
        self._versions: set[str] = set()
        self._bound: dict[tuple[str, int], Any] = {}
        # Present from the start, so that the first failure is an increase and not the birth of a series.
        for code in (200, 500):
            self._bound[("v2", code)] = self._requests.labels(model_name, revision, "v2", str(code))
        registry.register(_Renamed(self))

    def request(self, protocol: str, code: int, seconds: float) -> None:
        """Count one inference request. `protocol`: v2 or v1 (REST) or grpc-v2, KServe's words."""
        child = self._bound.get((protocol, code))
        if child is None:
            child = self._requests.labels(self._model_name, self._revision, protocol, str(code))
            self._bound[(protocol, code)] = child
        child.inc()
        self._durations.observe(seconds)

    def answered(self, answer: InferenceAnswer) -> None:
        """Take notice of an answer's scores: the probability of the last class, or a regressor's value."""
        for output in answer.outputs:
            if output.name == "probability":
                self._scores.add(output.array[:_MOST_ROWS, -1])
            elif output.name == "value" and output.array.ndim == 1:
                self._scores.add(output.array[:_MOST_ROWS])

    def called(self, _requests: int, rows: int, seconds: float) -> None:
        """Take notice of a call of the engine."""
        self._batches.add(rows)
        self._calls.add(seconds)

    def failed(self, reason: str, field: str | None) -> None:
        """Count a failure by its reason, and by the input whose rule was broken, if one was."""
        self._errors.labels(self._model_name, self._revision, reason).inc()
        if field is not None:
            self._rejections.labels(self._model_name, self._revision, field).inc()

    def serving(self, *, version: str, digest: str, engine: str) -> None:
        """Tell what is served."""
        self._info.labels(self._model_name, self._revision, version, digest, engine).set(1)
        self._versions.add(version)

    def renamed(self) -> Iterator[Metric]:
        """Yield the families that are made when somebody reads."""
        labels = ["model", "revision"]
        who = [self._model_name, self._revision]
        yield self._counts()
        yield self._times(who, labels)
        active = GaugeMetricFamily(
            "inference_active_requests", "Inference requests under way.", labels=labels
        )
        active.add_metric(who, self.under_way())
        yield active
        loaded = GaugeMetricFamily(
            "loaded_model_versions", "1 for each version loaded.", labels=[*labels, "version"]
        )
        for version in sorted(self._versions):
            loaded.add_metric([*who, version], 1)
        yield loaded
        for name, text, tally in (
            ("prediction_scores", "Probabilities of the last class, or a regressor's values.", self._scores),
            ("model_inference_duration_seconds", "Calls of the engine.", self._calls),
            ("inference_batch_rows", "Rows answered by one call of the engine.", self._batches),
        ):
            family = HistogramMetricFamily(name, text, labels=labels)
            family.add_metric(who, *tally.read())
            yield family

    def _counts(self) -> Metric:
        family = CounterMetricFamily(
            "inference_requests", "Inference requests by HTTP status.", labels=["model", "revision", "code"]
        )
        totals: dict[str, float] = {}
        for sample in _samples(self._requests, "_total"):
            code = sample.labels["code"]
            totals[code] = totals.get(code, 0.0) + sample.value
        for code, total in totals.items():
            family.add_metric([self._model_name, self._revision, code], total)
        return family

    def _times(self, who: list[str], labels: list[str]) -> Metric:
        family = HistogramMetricFamily(
            "inference_request_duration_seconds", "Inference requests, all of it.", labels=labels
        )
        buckets = [(one.labels["le"], one.value) for one in _samples(self._duration_family, "_bucket")]
        (total,) = _samples(self._duration_family, "_sum")
        family.add_metric(who, buckets, total.value)
        return family


def _samples(family: Counter | Histogram, suffix: str) -> list[Sample]:
    return [
        sample for metric in family.collect() for sample in metric.samples if sample.name.endswith(suffix)
    ]


class _Renamed(Collector):
    """What Prometheus's registry asks for the families made on the spot."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics.renamed()

    def describe(self) -> list[Metric]:
        return []
