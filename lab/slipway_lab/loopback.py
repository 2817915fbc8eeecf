"""Ports of 127.0.0.1, for programs that must be told theirs before they start."""

import contextlib
import socket

ADDRESS = "127.0.0.1"


def free_port() -> int:
    """A port that is free now."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Ports that are free now; all are held until the last is known, so that they differ."""
    with contextlib.ExitStack() as opened:
        listeners = [opened.enter_context(socket.create_server((ADDRESS, 0))) for _ in range(count)]
        return [int(listener.getsockname()[1]) for listener in listeners]
