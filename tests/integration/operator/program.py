"""The operator as a process of its own."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from slipway_lab.loopback import free_port

COMMAND = [sys.executable, "-c", "from slipway_operator.main import main; main(['run'])"]
PATIENCE = 40.0


@dataclass
class Program:
    """One that was started."""

    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def text(self) -> str:
        """What it has said."""
        return self.log.read_text()

    def until(self, words: str, seconds: float = PATIENCE, times: int = 1) -> float:
        """Wait until it has said this; returns the seconds that it took."""
        begin = time.monotonic()
        while self.text.count(words) < times:
            assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.text}"
            assert time.monotonic() < begin + seconds, (
                f"it did not say {words!r} in {seconds} s:\n{self.text}"
            )
            time.sleep(0.05)
        return time.monotonic() - begin

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def stop(self) -> int:
        """Tell it to stop; its exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """End it on the spot."""
        self.process.kill()
        self.process.wait()


def start(kubeconfig: Path, log: Path, **environment: str) -> Program:
    """Start the operator; ``environment`` holds its settings."""
    surroundings = {"KUBECONFIG": str(kubeconfig), "SLIPWAY_HEALTH_PORT": str(free_port())}
    with log.open("wb") as out:
        process = subprocess.Popen(
            COMMAND, stdout=out, stderr=out, env={**os.environ, **surroundings, **environment}
        )
    return Program(process, log)
