"""How a worker is started, and how it is told of when it has ended."""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slipway_predictor.engines.batch import cpus

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def command(line: int, index: int, arguments: Sequence[str]) -> list[str]:
    """Return a worker's command line: `line` is the file descriptor of its end of the line to the supervisor."""
    return [sys.executable, "-P", "-m", "slipway_predictor.workers.worker", str(line), str(index), *arguments]


def environment(own: Mapping[str, str], workers: int) -> dict[str, str]:
    """Return a worker's environment: it imports from where the supervisor does, and leaves the others their CPUs."""
    path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)
    share = str(max(1, cpus() // workers))
    return dict.fromkeys(_THREADS, share) | dict(own) | {"PYTHONPATH": path}


@dataclass(frozen=True, slots=True)
class Ended:
    """A worker that has ended: with an exit status, or by a signal (its number negated)."""

    index: int
    pid: int
    status: int
    failure: str | None

    def sentence(self) -> str:
        """Say what happened and, where it can be told, what to do."""
        if self.failure is not None:
            return self.failure
        who = f"worker {self.index} (process {self.pid})"
        if self.status >= 0:
            return f"{who} ended with status {self.status}; the lines above may show why"
        name = signal.Signals(-self.status).name
        if name == "SIGKILL":
            return f"{who} was killed, perhaps for want of memory: give it more, or use fewer --workers"
        return f"{who} was ended by {name}: the model's libraries crashed, or somebody sent it"
