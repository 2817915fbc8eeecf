"""A snapshot as Prometheus' metric families.

The operator reads `slipway_predictor_requests_total` from the pods to compare revisions: its labels are an interface.
The `inference_*` families are the same figures under the names the field uses.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from slipway_predictor.monitoring.snapshot import Snapshot

_BY_CODE = "Inference requests by HTTP status (for gRPC its equivalent): 5xx the predictor's failure, 4xx the client's."
_TIME = "Inference requests from the first byte of the body read to the answer made."
_HISTOGRAMS = {
    "inference_request_duration_seconds": _TIME,
    "model_inference_duration_seconds": "Calls of the engine.",
    "inference_batch_rows": "Rows answered by one call of the engine.",
    "prediction_scores": "Probabilities of the last class, or a regressor's values.",
}


def families(snapshot: Snapshot, model: str, revision: str) -> Iterator[Metric]:
    """Yield all families."""
    who = [model, revision]
    yield from _ours(snapshot, who)
    yield from _counted(snapshot, who)
    yield from _filled(snapshot, who)
    for name, text in _HISTOGRAMS.items():
        yield _histogram(name, text, ["model", "revision"], who, snapshot)
    yield _gauge("inference_active_requests", "Requests under way.", who, snapshot.active)
    versions = GaugeMetricFamily(
        "loaded_model_versions", "1 if loaded.", labels=["model", "revision", "version"]
    )
    for version in dict.fromkeys(served["version"] for served in snapshot.served):
        versions.add_metric([*who, version], 1)
    yield versions
    yield _gauge("slipway_predictor_workers", "Processes that answer.", who, snapshot.workers)
    restarts = "slipway_predictor_worker_restarts"
    family = CounterMetricFamily(
        restarts, "Workers that ended and were replaced.", labels=["model", "revision"]
    )
    family.add_metric(who, snapshot.restarts)
    yield family


def process_families(figures: Mapping[str, float]) -> Iterator[Metric]:
    """Yield the figures of the processes, added up, under the names that one process has them by."""
    for name, value in figures.items():
        kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
        yield kind(name.removesuffix("_total"), "Of all workers together (process_*: see Prometheus).", value)


def _ours(snapshot: Snapshot, who: list[str]) -> Iterator[Metric]:
    labels = ["model_name", "revision"]
    requests = CounterMetricFamily(
        "slipway_predictor_requests", _BY_CODE, labels=[*labels, "protocol", "code"]
    )
    for words, count in sorted(snapshot.requests.items()):
        requests.add_metric([*who, *words.split()], count)
    yield requests
    name = "slipway_predictor_request_duration_seconds"
    yield _histogram(name, _TIME, labels, who, snapshot, "inference_request_duration_seconds")
    info = GaugeMetricFamily(
        "slipway_predictor_model_info",
        "1, with what is served as labels.",
        labels=[*labels, "version", "digest", "engine"],
    )
    for served in snapshot.served:
        info.add_metric([*who, *(served[word] for word in ("version", "digest", "engine"))], 1)
    yield info
    warnings = GaugeMetricFamily(
        "slipway_predictor_load_warnings",
        "1 for each thing that was not as it should be at load, though the model is served.",
        labels=[*labels, "reason"],
    )
    for reason in snapshot.warnings:
        warnings.add_metric([*who, reason], 1)
    yield warnings


def _counted(snapshot: Snapshot, who: list[str]) -> Iterator[Metric]:
    codes: Counter[str] = Counter()
    for words, count in snapshot.requests.items():
        codes[words.split()[1]] += count
    rejected = "Requests refused because a value broke a rule of the contract, by input."
    for name, text, label, counts in (
        ("inference_requests", _BY_CODE, "code", codes),
        ("inference_errors", "Inference requests that failed, by reason.", "reason", snapshot.reasons),
        ("inference_rejected_values", rejected, "field", snapshot.rejected),
    ):
        family = CounterMetricFamily(name, text, labels=["model", "revision", label])
        for value, count in sorted(counts.items()):
            family.add_metric([*who, value], count)
        yield family


def _filled(snapshot: Snapshot, who: list[str]) -> Iterator[Metric]:
    """Nothing where the contract has no default: without one there is nothing to count."""
    if not snapshot.filled:
        return
    requests = CounterMetricFamily(
        "slipway_predictor_fallbacks",
        "Inference requests in which a default of the contract stood in for a value.",
        labels=["model_name", "revision"],
    )
    requests.add_metric(who, snapshot.fallbacks)
    yield requests
    values = CounterMetricFamily(
        "inference_filled_values",
        "Values that a default of the contract stood in for, by input.",
        labels=["model", "revision", "field"],
    )
    for name, count in sorted(snapshot.filled.items()):
        values.add_metric([*who, name], count)
    yield values


def _gauge(name: str, text: str, who: list[str], value: float) -> Metric:
    family = GaugeMetricFamily(name, text, labels=["model", "revision"])
    family.add_metric(who, value)
    return family


def _histogram(
    name: str, text: str, labels: list[str], who: list[str], snapshot: Snapshot, of: str = ""
) -> Metric:
    family = HistogramMetricFamily(name, text, labels=labels)
    figures = snapshot.histograms.get(of or name)
    if figures is not None:
        buckets = [(bound, count) for bound, count in figures[0]]  # JSON has made lists of them
        family.add_metric(who, buckets, figures[1])
    return family
