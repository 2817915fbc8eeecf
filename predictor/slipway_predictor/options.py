"""The flags of `slipway-predictor serve`, with their help; what they mean together is in `settings`."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Literal, get_args

EngineSetting = Literal["auto", "sklearn"]

EXIT_RESERVE = 10.0
"""Seconds of a pod's grace period kept for its preStop hook and for exiting."""

LOGGED = 0.01
"""Share of a pod's requests that get a line in its log, unless told otherwise."""

_MOST_WORKERS = 256


def make_parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    """Return the parser; `environment` gives some defaults."""
    parser = argparse.ArgumentParser(
        prog="slipway-predictor",
        description="Serve one model bundle over the Open Inference Protocol (V2) on KServe's server.",
    )
    serve = parser.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "serve",
        help="serve a bundle",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=dedent(
            """\
            Serve the bundle in DIR: check it, load it, warm it up, then report ready. A bare model file (.joblib, .pkl,
            .skops, .onnx) serves too, under a contract inferred from the model: any numbers, no ranges, no golden rows.

            A pickle runs code when it is loaded. In a cluster a bundle is therefore served only under the digest its
            deployment gives (--digest; of a bare file, the file's own sha256), or with --allow-unverified. On a laptop it
            is served without, with a warning that shows the digest: a file you name yourself is one you asked for.
            """
        ),
        epilog=dedent(
            """\
            examples:
              slipway bundle create --pipeline model.joblib --name churn --version 1 --out churn-1
              slipway-predictor serve churn-1 --http-port 8080
              curl -s localhost:8080/v2/models/churn
              slipway-predictor serve model.joblib      # no bundle: the contract is inferred, loosely
            """
        ),
    )
    serve.add_argument(
        "folder", metavar="DIR", type=Path, help="the bundle's folder, with model.yaml; or a model file"
    )
    _add_network(serve)
    _add_identity(serve, environment)
    _add_engine(serve)
    _add_limits(serve, environment)
    _add_log(serve, environment)
    return parser


def _add_network(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen on (default: 127.0.0.1; in a cluster 0.0.0.0)")
    parser.add_argument(
        "--http-port",
        metavar="PORT",
        type=_port,
        default=8080,
        help="port for V2 REST, health and metrics (default: 8080; 0: any)",
    )
    parser.add_argument(
        "--grpc-port", metavar="PORT", type=_port, help="also serve V2 gRPC on this port (default: no gRPC)"
    )
    parser.add_argument(
        "--admin-port",
        metavar="PORT",
        type=_port,
        help="also serve what is not for clients on this port: the last answers, the engine's state (default: no such port)",
    )
    parser.add_argument(
        "--workers",
        metavar="N",
        type=_count,
        default=1,
        help="processes that serve on the same ports, each with the model of its own; one per core at most (default: 1)",
    )
    parser.add_argument(
        "--fast-lane",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="answer inference requests before FastAPI sees them; --no-fast-lane is for comparing the two ways",
    )


def _add_identity(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
    parser.add_argument(
        "--model-name",
        metavar="NAME",
        default=environment.get("SLIPWAY_MODEL_NAME"),
        help="name in /v2/models/NAME (default: $SLIPWAY_MODEL_NAME, else the bundle's)",
    )
    parser.add_argument(
        "--model-version",
        metavar="VERSION",
        default=environment.get("SLIPWAY_MODEL_VERSION"),
        help="version in answers (default: $SLIPWAY_MODEL_VERSION, else the bundle's)",
    )
    parser.add_argument(
        "--revision",
        default=environment.get("SLIPWAY_REVISION", ""),
        help="revision in answers and metrics (default: $SLIPWAY_REVISION)",
    )
    parser.add_argument(
        "--digest",
        metavar="sha256:HEX",
        default=environment.get("SLIPWAY_MODEL_DIGEST"),
        help="serve only the bundle with this digest (default: $SLIPWAY_MODEL_DIGEST)",
    )
    parser.add_argument(
        "--allow-unverified",
        action="store_true",
        default=environment.get("SLIPWAY_ALLOW_UNVERIFIED", "").strip().lower() in ("true", "1"),
        help="serve without a digest in a cluster, too (default: $SLIPWAY_ALLOW_UNVERIFIED)",
    )


def _add_engine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--engine",
        choices=get_args(EngineSetting),
        default="auto",
        help="auto: the fastest that answers as scikit-learn does; sklearn: scikit-learn itself (default: auto)",
    )


def _add_limits(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
    parser.add_argument(
        "--max-body-mib",
        metavar="MIB",
        type=_positive,
        default=32.0,
        help="largest request body; a larger one gets 413 (default: 32)",
    )
    parser.add_argument(
        "--timeout-seconds",
        metavar="S",
        type=_positive,
        default=60.0,
        help="longest time for one request, after which it gets 504; less where the client says so (default: 60)",
    )
    parser.add_argument(
        "--read-seconds",
        metavar="S",
        type=_positive,
        default=60.0,
        help="longest time for a request's headers and body to come, after which it gets 408 (default: 60)",
    )
    parser.add_argument(
        "--idle-seconds",
        metavar="S",
        type=_positive,
        default=75.0,
        help="longest time a connection may stay open without a request (default: 75, more than most proxies')",
    )
    parser.add_argument(
        "--grace-seconds",
        metavar="S",
        type=_positive,
        default=environment.get("SLIPWAY_POD_GRACE_SECONDS") or "30",
        help="the pod's terminationGracePeriodSeconds; requests under way get all of it but the last "
        f"{EXIT_RESERVE:.0f} after SIGTERM (default: $SLIPWAY_POD_GRACE_SECONDS, else 30)",
    )


def _add_log(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
    parser.add_argument(
        "--log-requests",
        metavar="SHARE",
        type=_share,
        default=environment.get("SLIPWAY_LOG_REQUESTS") or None,
        help="share of the requests that get a JSON line on stdout: id, status, milliseconds (default: "
        f"$SLIPWAY_LOG_REQUESTS, else 0; in a cluster {LOGGED})",
    )
    parser.add_argument(
        "--log-values",
        action="store_true",
        help="with those lines, also what was asked: perhaps personal data (default: never)",
    )


def _share(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text} must be from 0 to 1")
    return number


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{port} is not a port: 0 to 65535")
    return port


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= _MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"{number} must be from 1 to {_MOST_WORKERS}")
    return number


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} must be above 0")
    return number
