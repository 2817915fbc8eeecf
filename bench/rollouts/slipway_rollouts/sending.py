"""The client, as a process of its own in the lab's network.

Nothing that watches or counts shares its interpreter, and no relay stands between it and the gateway: what is measured is
the gateway and the models.
"""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from slipway_demo.traffic import Answer
from slipway_lab import gateway
from slipway_lab.lab import Lab
from slipway_lab.paths import Paths


@dataclass
class Sending:
    """What has come of the requests so far."""

    sent: int = 0
    failed: int = 0
    answers: list[Answer] = field(default_factory=list)
    """Known once the client has ended; their times are on this process's ``perf_counter``."""

    def take(self, lines: Iterator[str]) -> None:
        """Read what the client says until it ends."""
        said = None
        for line in lines:
            said = json.loads(line)
            if len(said) == 2 and isinstance(said[0], int):
                self.sent, self.failed = said
        self.answers = [Answer(*each) for each in said or []]


@contextlib.contextmanager
def sending(host: str, model: str, rows: Sequence[Sequence[float]], rate: float) -> Iterator[Sending]:
    """Send rows to a model of the lab as long as the block lasts."""
    lab = Lab.here(Paths.here())
    address, port = gateway.address(lab)
    command = [
        sys.executable,
        "-m",
        "slipway_rollouts.sender",
        f"http://{address}:{port}",
        host,
        model,
        str(rate),
    ]
    process = subprocess.Popen(
        [*lab.launcher.enter(), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    so_far = Sending()
    reader = threading.Thread(target=so_far.take, args=(process.stdout,), daemon=True)
    reader.start()
    try:
        process.stdin.write(json.dumps([list(row) for row in rows]) + "\n")
        process.stdin.flush()
        yield so_far
    finally:
        process.stdin.close()
        reader.join(60)
        process.terminate()
        process.wait()
