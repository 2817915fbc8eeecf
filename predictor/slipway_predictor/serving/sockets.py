"""Listening sockets, opened before anything slow happens, so that a port in use is told at once."""

import socket
from dataclasses import dataclass

from slipway_predictor.errors import CannotServe


@dataclass(frozen=True, slots=True)
class Listeners:
    """The sockets that were opened at start."""

    http: socket.socket
    admin: socket.socket | None


def listen(host: str, port: int, option: str, *, shared: bool = False) -> socket.socket:
    """Listen; `shared`: on a port that other processes of ours listen on as well. Raises CannotServe."""
    try:
        return socket.create_server((host, port), family=_family(host), backlog=2048, reuse_port=shared)
    except OSError as error:
        raise _cannot(host, port, option, error) from None


def reserve(host: str, port: int, option: str) -> socket.socket:
    """Take a port (0: any) for workers to listen on, without listening. Raises CannotServe.

    Looks first whether anybody has the port: another program that shares ports would otherwise share ours.
    """
    family = _family(host)
    try:
        with socket.create_server((host, port), family=family) as free:
            port = free.getsockname()[1]
        taken = socket.socket(family)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind((host, port))
    except OSError as error:
        raise _cannot(host, port, option, error) from None
    return taken


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _cannot(host: str, port: int, option: str, error: OSError) -> CannotServe:
    return CannotServe(
        f"cannot listen on {host} port {port}: {error.strerror or error}; choose another --host or {option}"
    )
