"""The predictor's Prometheus metrics, served at /metrics beside KServe's and the process's own.

The operator reads `slipway_predictor_requests_total` from the pods to compare revisions: its labels are an interface.
Children are bound once, so that a request costs a dictionary look-up and two additions.
"""

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the duration histogram, in seconds."""


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
        self._durations = Histogram(
            "slipway_predictor_request_duration_seconds",
            "Inference requests from the first byte of the body read to the answer made.",
            ["model_name", "revision"],
            buckets=BUCKETS,
            registry=registry,
        ).labels(model_name, revision)
        self._info = Gauge(
            "slipway_predictor_model_info",
            "1, with what is served as labels.",
            ["model_name", "revision", "version", "digest", "engine"],
            registry=registry,
        )
        self._bound = {}
        # Present from the start, so that the first failure is an increase and not the birth of a series.
        for code in (200, 500):
            self._bound[("v2", code)] = self._requests.labels(model_name, revision, "v2", str(code))

    def request(self, protocol: str, code: int, seconds: float) -> None:
        """Count one inference request. `protocol`: v2 (REST) or grpc-v2, KServe's words."""
        child = self._bound.get((protocol, code))
        if child is None:
            child = self._requests.labels(self._model_name, self._revision, protocol, str(code))
            self._bound[(protocol, code)] = child
        child.inc()
        self._durations.observe(seconds)

    def serving(self, *, version: str, digest: str, engine: str) -> None:
        """Tell what is served."""
        self._info.labels(self._model_name, self._revision, version, digest, engine).set(1)
