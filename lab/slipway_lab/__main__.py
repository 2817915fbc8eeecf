"""The command line of the lab: ``python -m slipway_lab``; ``make up``, ``make down`` and ``lab/exec`` call it."""

import argparse
import os
import sys

from slipway_lab import extra, programs, state
from slipway_lab.down import down
from slipway_lab.errors import LabError
from slipway_lab.identity import alive
from slipway_lab.kserve import Mode
from slipway_lab.lab import Lab
from slipway_lab.paths import Paths
from slipway_lab.report import Report
from slipway_lab.state import recorded
from slipway_lab.up import up

GUIDE = """\
A real single-node Kubernetes for machines without Docker.

  up         start it, building what is missing (once, about 15 minutes); safe to run again at any point
  down       end it; images and models stay on disk
  status     what runs, on which ports
  exec CMD…  run a command in the cluster's network, with KUBECONFIG set
  logs NAME  the log of one of the processes that `status` lists
  image NAME build an image that the lab itself does not need, load it and print its reference: mlserver
  programs   build etcd and Kubernetes only (what the integration tests need; no root)

environment:
  KSERVE=none            no InferenceService controller and no KServe definitions: bring your own
  KSERVE_CONFIG=DIR      KServe's definitions from DIR/crds instead of the minimal ones
  KSERVE_MANAGER=FILE    KServe's own controller in the stand-in's place; needs KSERVE_CONFIG
  SLIPWAY_LAB_DIR=DIR    the lab's folder (default: .lab in the checkout); another folder is another lab
  SLIPWAY_CACHE=DIR      the cache of everything built (default: ~/.cache/slipway)
"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(COMMANDS[options.command](options) or 0)
    except LabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\nstopped; the next run goes on from here, `make down` ends what already runs", file=sys.stderr
        )
        return 130


def _up(_: argparse.Namespace) -> None:
    up(Mode.from_environment())


def _down(_: argparse.Namespace) -> None:
    down()


def _status(_: argparse.Namespace) -> int:
    paths = Paths.here()
    known = state.load(paths.lab)
    if known is None:
        print(f"no lab at {paths.lab}; `make up` starts one")
        return 1
    print(f"lab {paths.lab}, InferenceService controller: {known.kserve}")
    print(f"API server https://127.0.0.1:{known.api_port}, gateway http://127.0.0.1:{known.gateway_port}")
    missing = 0
    for name, process in recorded(paths).items():
        running = alive(process)
        missing += not running
        print(
            f"  {name:<24} {f'pid {process.pid}' if running else 'ended: see `logs`, start again with `make up`'}"
        )
    return 1 if missing else 0


def _exec(options: argparse.Namespace) -> None:
    paths = Paths.here()
    if not paths.network.exists():
        raise LabError("the lab is not up: start it with `make up`")
    lab = Lab.here(paths)
    os.environ.setdefault("KUBECONFIG", str(paths.kubeconfig_inside))
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:{lab.environment['PATH']}"
    lab.launcher.join()
    command = options.words or [os.environ.get("SHELL", "/bin/sh")]
    os.execvp("nsenter", ["nsenter", f"--net={paths.network}", "--", *command])


def _logs(options: argparse.Namespace) -> None:
    log = Paths.here().logs / f"{options.name}.log"
    if not log.exists():
        raise LabError(f"there is no log of {options.name}: `status` lists the processes")
    sys.stdout.write(log.read_text(errors="replace"))


def _image(options: argparse.Namespace) -> None:
    print(extra.load(options.name))


def _programs(_: argparse.Namespace) -> None:
    programs.build(("etcd", "kubernetes"), Paths.here(), Report())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m slipway_lab", description=GUIDE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", title="command")
    for name in COMMANDS:
        command = commands.add_parser(name)
        if name == "exec":
            command.add_argument("words", nargs=argparse.REMAINDER, metavar="CMD", help="default: a shell")
        if name in ("logs", "image"):
            command.add_argument("name", metavar="NAME")
    return parser


COMMANDS = {
    "up": _up,
    "down": _down,
    "status": _status,
    "exec": _exec,
    "logs": _logs,
    "image": _image,
    "programs": _programs,
}

if __name__ == "__main__":
    sys.exit(main())
