"""A real etcd and API server without a node: ordinary processes on 127.0.0.1, for tests. Needs no root.

There is no kubelet and no controller: objects are stored, validated and watched, and nothing happens to them.
"""

import contextlib
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from slipway_lab import credentials
from slipway_lab.controlplane import ApiServer, etcd
from slipway_lab.credentials import Credentials
from slipway_lab.errors import LabError
from slipway_lab.loopback import ADDRESS, free_ports
from slipway_lab.steps import log_tail
from slipway_lab.waiting import wait_until


@dataclass(frozen=True)
class Running:
    """An API server that answers."""

    url: str
    kubeconfig: Path
    """Cluster admin, with a token."""
    credentials: Credentials

    def request(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """One call as cluster admin; raises ``urllib.error.HTTPError`` where the server says no."""
        token = self.credentials.token("admin")
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        context = ssl.create_default_context(cafile=str(self.credentials.authority))
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        with opener.open(request, timeout=10) as response:
            return bytes(response.read())


@contextlib.contextmanager
def api_server(programs: Path, folder: Path) -> Iterator[Running]:
    """Run etcd and an API server in ``folder`` for as long as the block lasts; raises ``LabError``."""
    etcd_port, peer_port, port = free_ports(3)
    made = credentials.create(folder / "credentials", [ADDRESS])
    server = ApiServer(programs / "kube-apiserver", made, ADDRESS, port, etcd_port)
    url = f"https://{ADDRESS}:{port}"
    running = Running(url, folder / "kubeconfig", made)
    credentials.kubeconfig(running.kubeconfig, url, made, "admin")
    database = etcd(programs / "etcd", folder / "etcd", etcd_port, peer_port)
    command = server.command(["--authorization-mode=RBAC"])
    with _process(database, folder / "etcd.log"), _process(command, folder / "kube-apiserver.log") as process:

        def ready() -> bool:
            if process.poll() is not None:
                raise LabError("the API server ended:\n" + "\n".join(log_tail(folder / "kube-apiserver.log")))
            return _ready(running)

        wait_until(ready, "the API server was not ready", 120)
        yield running


@contextlib.contextmanager
def _process(command: list[str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that ends with the block; killed, since its data goes with it."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _ready(running: Running) -> bool:
    try:
        running.request("GET", "/readyz")
    except OSError:  # an HTTPError is one too
        return False
    return True
