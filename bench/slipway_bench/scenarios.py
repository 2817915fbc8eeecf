"""What is measured: the cells of the table, and what this predictor must reach in them."""

from dataclasses import dataclass

PEERS = ("kserve", "kserve-quiet", "mlserver", "mlserver-batch", "fastapi")
COMPARED = ("slipway", "slipway-sklearn", "kserve")
"""Their ratios are what is judged."""
ALL = ("slipway", "slipway-sklearn", *PEERS)


@dataclass(frozen=True)
class Cell:
    """Closed-loop load on one model: rows a request and connections."""

    model: str
    rows: int
    connections: int
    servers: tuple[str, ...]
    protocol: str = "rest"

    @property
    def title(self) -> str:
        """What the table calls it."""
        kind = " over gRPC" if self.protocol == "grpc" else ""
        return (
            f"{self.model}{kind}, {self.rows} row{'s' if self.rows > 1 else ''}, {self.connections} at a time"
        )


CELLS = (
    *(Cell("LR", 1, connections, (*ALL, "floor")) for connections in (1, 16, 64)),
    *(Cell("RF", 1, connections, ALL) for connections in (1, 16, 64)),
    *(Cell(model, 32, 16, ALL) for model in ("LR", "RF")),
    *(Cell("GB", 1, connections, ("slipway", "kserve", "mlserver", "fastapi")) for connections in (1, 16)),
    *(Cell(model, 1, 16, ("slipway", "kserve", "mlserver"), "grpc") for model in ("LR", "RF")),
)


@dataclass(frozen=True)
class Target:
    """A ratio to KServe's server as installed, in one cell."""

    title: str
    cell: Cell
    server: str
    must: float
    aim: float


def _cell(model: str, rows: int, connections: int, protocol: str = "rest") -> Cell:
    wanted = (model, rows, connections, protocol)
    return next(c for c in CELLS if (c.model, c.rows, c.connections, c.protocol) == wanted)


TARGETS = (
    Target("LR, 1 row, 16 connections", _cell("LR", 1, 16), "slipway", 20, 36),
    Target("RF, 1 row, 16 connections", _cell("RF", 1, 16), "slipway", 100, 380),
    Target("LR, 32 rows, 16 connections", _cell("LR", 32, 16), "slipway", 8, 11),
    Target("RF, 32 rows, 16 connections", _cell("RF", 32, 16), "slipway", 70, 98),
    Target("LR by scikit-learn itself, 64 connections", _cell("LR", 1, 64), "slipway-sklearn", 30, 47),
    Target("RF by scikit-learn itself, 64 connections", _cell("RF", 1, 64), "slipway-sklearn", 40, 65),
    Target("RF over gRPC, 16 calls at a time", _cell("RF", 1, 16, "grpc"), "slipway", 20, 42),
)
SINGLE_P99 = 0.3
"""Milliseconds, one connection."""

OFFERED_TO = (("floor", "LR"), ("slipway", "LR"), ("slipway", "RF"))
OFFERED = (10_000, 40_000)
"""Requests a second."""
OFFERED_MUST = 10_000
"""More is an aim."""
OFFERED_P99 = 5.0
OFFERED_CONNECTIONS = 499
"""A prime: connections that begin a millisecond after one another have their turns evenly spaced at any such rate."""
MANY = 1_000_000
"""Requests after which the memory must not have grown by more than GROWTH."""
GROWTH = 0.02
OVERLOAD = 5
"""Times what the slow model can do."""
OVERLOAD_GOODPUT, OVERLOAD_P99, HEALTH_WORST = 0.9, 100.0, 50.0
START_RATIO = 0.5
