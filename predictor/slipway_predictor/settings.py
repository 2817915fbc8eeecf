"""How one predictor process is to run: command-line flags, with defaults from the environment a pod gives it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway_contract import BundleError, parse_digest
from slipway_predictor.options import EXIT_RESERVE, LOGGED, EngineSetting, make_parser

__all__ = ["EngineSetting", "Settings", "command_line", "parse"]


@dataclass(frozen=True, slots=True)
class Settings:
    """All of it. Times in seconds, sizes in bytes."""

    folder: Path
    host: str
    http_port: int
    grpc_port: int | None
    admin_port: int | None
    model_name: str | None
    model_version: str | None
    digest: str | None
    revision: str
    allow_unverified: bool
    in_cluster: bool
    engine: EngineSetting
    drain: float
    max_body: int
    timeout: float
    idle: float
    reading: float
    log_share: float
    log_values: bool
    fast: bool
    workers: int


def parse(arguments: Sequence[str] | None, environment: Mapping[str, str]) -> Settings:
    """Read the command line. Exits with status 2 and a usage line when it is wrong."""
    parser = make_parser(environment)
    found = parser.parse_args(arguments)
    try:
        digest = parse_digest(found.digest) if found.digest else None
    except BundleError as error:
        parser.error(f"--digest: {error}")
    in_cluster = "KUBERNETES_SERVICE_HOST" in environment
    return Settings(
        folder=found.folder,
        host=found.host or ("0.0.0.0" if in_cluster else "127.0.0.1"),  # noqa: S104 (a pod's port is its purpose)
        http_port=found.http_port,
        grpc_port=found.grpc_port,
        admin_port=found.admin_port,
        model_name=found.model_name or None,
        model_version=found.model_version or None,
        digest=digest,
        revision=found.revision,
        allow_unverified=found.allow_unverified,
        in_cluster=in_cluster,
        engine=found.engine,
        drain=max(1.0, found.grace_seconds - EXIT_RESERVE),
        max_body=int(found.max_body_mib * 2**20),
        timeout=found.timeout_seconds,
        idle=found.idle_seconds,
        reading=found.read_seconds,
        log_share=_log_share(found.log_requests, in_cluster=in_cluster),
        log_values=found.log_values,
        fast=found.fast_lane,
        workers=found.workers,
    )


def command_line(settings: Settings) -> list[str]:
    """Return a command line that `parse`, in the same environment, reads as these settings: for a worker to be started."""
    valued = {
        "host": settings.host,
        "http-port": settings.http_port,
        "grpc-port": settings.grpc_port,
        "admin-port": settings.admin_port,
        "workers": settings.workers,
        "model-name": settings.model_name,
        "model-version": settings.model_version,
        "revision": settings.revision,
        "digest": settings.digest,
        "engine": settings.engine,
        "max-body-mib": settings.max_body / 2**20,
        "timeout-seconds": settings.timeout,
        "read-seconds": settings.reading,
        "idle-seconds": settings.idle,
        "grace-seconds": settings.drain + EXIT_RESERVE,
        "log-requests": settings.log_share,
    }
    flags = {
        "fast-lane": settings.fast,
        "no-fast-lane": not settings.fast,
        "allow-unverified": settings.allow_unverified,
        "log-values": settings.log_values,
    }
    return [
        "serve",
        str(settings.folder.absolute()),  # never taken for a flag
        *(f"--{name}={value}" for name, value in valued.items() if value is not None),
        *(f"--{name}" for name, given in flags.items() if given),
    ]


def _log_share(share: float | None, *, in_cluster: bool) -> float:
    if share is not None:
        return share
    return LOGGED if in_cluster else 0.0
