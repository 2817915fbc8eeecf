"""A real Prometheus: Debian's package, unpacked into the cache, scraping whatever a test gives it."""

import contextlib
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import yaml

from slipway_lab import debs
from slipway_lab.cache import Cache
from slipway_lab.loopback import free_port
from slipway_lab.paths import Paths

PATIENCE = 30.0


def program() -> Path:
    """Prometheus itself, downloaded the first time (20 MB); skips the test where there is no apt."""
    cache = Cache(Paths.here().cache)
    found = cache.root / "prometheus" / "usr/bin/prometheus"
    if found.exists():
        return found
    if not shutil.which("apt-get"):
        pytest.skip("no apt-get to download Prometheus with")
    with cache.fresh_folder("prometheus") as folder:
        debs.unpack(["prometheus"], folder)
    return found


@contextlib.contextmanager
def prometheus(folder: Path, targets: Sequence[str]) -> Iterator[str]:
    """Prometheus on loopback, scraping ``targets`` (host:port) every second; gives its URL once it answers."""
    job = {"job_name": "test", "static_configs": [{"targets": list(targets)}]}
    config = {"global": {"scrape_interval": "1s"}, "scrape_configs": [job]}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    command = [
        program(),
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "prometheus.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process, folder / "prometheus.log")
        yield url
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(f"{url}/-/ready"):
            return
        time.sleep(0.1)
    raise AssertionError(f"Prometheus does not answer: {log.read_text()[-2000:]}")
