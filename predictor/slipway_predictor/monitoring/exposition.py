"""The text at /metrics: of this process alone, or of all the workers added up."""

from collections.abc import Iterator

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from slipway_predictor.monitoring.families import families, process_families
from slipway_predictor.monitoring.snapshot import Snapshot


def own(accept: str | None) -> tuple[bytes, str]:
    """Return everything this process has, and its content type, in the form that `accept` (a header) asks for."""
    encode, content_type = choose_encoder(accept or "")
    return encode(REGISTRY), content_type


def together(snapshot: Snapshot, model: str, revision: str, accept: str | None) -> tuple[bytes, str]:
    """Return the same for figures that were added up."""
    registry = CollectorRegistry()
    registry.register(_Fixed([*families(snapshot, model, revision), *process_families(snapshot.process)]))
    encode, content_type = choose_encoder(accept or "")
    return encode(registry), content_type


class _Fixed(Collector):
    """Families that are made already."""

    def __init__(self, made: list[Metric]) -> None:
        self._made = made

    def describe(self) -> list[Metric]:
        """Return nothing: no other collector is beside it."""
        return []

    def collect(self) -> Iterator[Metric]:
        yield from self._made
