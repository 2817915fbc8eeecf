"""What becomes of the ModelDeployment and its route, by one kubectl that watches each: asking again and again would cost
more than what is measured."""

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from slipway_demo.target import Target

Json = dict[str, Any]


@dataclass
class Latest:
    """The object as it was seen last."""

    body: Json = field(default_factory=dict)
    changes: list[float] = field(default_factory=list)
    """When its spec was changed (perf_counter); its creation is none."""
    news: threading.Condition = field(default_factory=threading.Condition)

    def take(self, body: Json) -> None:
        """A new state of it."""
        with self.news:
            known = self.body.get("metadata", {}).get("generation")
            if known not in (None, body["metadata"]["generation"]):
                self.changes.append(time.perf_counter())
            self.body = body
            self.news.notify_all()

    def until(self, done: Callable[[Json], Any], seconds: float) -> Json:
        """Wait until ``done`` holds of it. Raises TimeoutError."""
        with self.news:
            if not self.news.wait_for(lambda: self.body and done(self.body), seconds):
                status = self.body.get("status", {})
                raise TimeoutError(f"{status.get('phase')}: {status.get('message')}")
            return self.body


@contextlib.contextmanager
def watching(target: Target, namespace: str, kind: str, name: str) -> Iterator[Latest]:
    """Watch one object as long as the block lasts."""
    latest = Latest()
    command = [*target.kubectl, "-n", namespace, "get", kind, name, "--watch", "-o", "json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    thread = threading.Thread(target=_read, args=(process, latest), daemon=True)
    thread.start()
    try:
        yield latest
    finally:
        process.terminate()
        process.wait()
        thread.join()


def _read(process: "subprocess.Popen[str]", latest: Latest) -> None:
    """kubectl prints one document after the other, each over many lines."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if line == "}\n":
            latest.take(json.loads("".join(lines)))
            lines.clear()
