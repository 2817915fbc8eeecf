"""The host's ports that the lab answers on, and the relays behind them."""

import socket
import sys
from pathlib import Path

from slipway_lab import credentials
from slipway_lab.addresses import API_PORT, NODE_ADDRESS
from slipway_lab.lab import Lab
from slipway_lab.paths import CHECKOUT

API, GATEWAY = "relay-api", "relay-gateway"
FAVOURITES = {API: 16443, GATEWAY: 18080}


def expose_api(lab: Lab, port: int) -> int:
    """Make the API server answer on the host and write ``.lab/kubeconfig`` for it; returns the port."""
    port = _expose(lab, API, port, NODE_ADDRESS, API_PORT)
    credentials.kubeconfig(lab.paths.kubeconfig, f"https://127.0.0.1:{port}", lab.credentials, "admin")
    return port


def expose_gateway(lab: Lab, port: int, target: tuple[str, int]) -> int:
    """Make the gateway answer on the host; returns the port."""
    return _expose(lab, GATEWAY, port, *target)


def _expose(lab: Lab, relay: str, port: int, host: str, target_port: int) -> int:
    """Start the relay on the port it had before, the usual one or any that is free."""
    if not (port and lab.launcher.running(relay)):
        lab.launcher.stop(relay)
        port = next(
            candidate for candidate in (port, FAVOURITES[relay], _any()) if candidate and _free(candidate)
        )
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "slipway_lab.relay",
        lab.paths.network,
        str(port),
        f"{host}:{target_port}",
    ]
    lab.launcher.ensure(relay, command, inside=False, environment={"PYTHONPATH": str(CHECKOUT / "lab")})
    lab.wait_for(relay, lambda: not _free(port), f"nothing listened on 127.0.0.1:{port}", 20)
    return port


def _free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _any() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
