"""`slipway status`, `promote`, `abort` and the rest: what people ask of a running rollout. Through kubectl, with the
user's own context and rights: a command is an annotation on the ModelDeployment, which the operator acknowledges in
its status.
"""

import argparse
import json
import subprocess
import sys
import time
from typing import Any
from uuid import uuid4

from slipway_cli.story import tell

GROUP = "slipway.dev"
KIND = f"modeldeployments.{GROUP}"
ENDED = {"Healthy": 0, "RolledBack": 1}
POLL = 0.5  # seconds between two looks

VERBS = {
    "promote": "go on to the next step now: ends a hold, gives an approval, stands in for a missing verdict",
    "abort": "take the canary's traffic away; its revision is not tried again until `retry` or a new spec",
    "pause": "let the rollout stand still; what fails still goes back",
    "resume": "let a paused rollout go on",
    "retry": "try the revision that failed or was aborted once more",
    "rollback": "go back to the revision that served before, while it is kept warm (or abort a running rollout);"
    " with --to, to any that was promoted",
}

Json = dict[str, Any]


class RolloutError(Exception):
    """Something the user can act on; told in one sentence."""


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the parsers to the command line's."""
    status = commands.add_parser(
        "status",
        help="how a ModelDeployment's rollout stands, and why",
        description="How a ModelDeployment's rollout stands, and why. With --wait the exit status is 0 when it has"
        " been promoted and 1 when it was rolled back, for pipelines.",
    )
    _add_place(status)
    status.add_argument(
        "--wait", action="store_true", help="print again at every change until the rollout is over"
    )
    status.add_argument(
        "--timeout", type=float, default=3600.0, metavar="SECONDS", help="with --wait (default: %(default)g)"
    )
    status.set_defaults(command=_status)
    for verb, text in VERBS.items():
        parser = commands.add_parser(verb, help=text, description=f"{text[0].upper()}{text[1:]}.")
        _add_place(parser)
        if verb == "promote":
            parser.add_argument("--full", action="store_true", help="leave all remaining steps out")
        if verb == "rollback":
            parser.add_argument(
                "--to",
                metavar="VERSION",
                help="a version or revision of status.history that was promoted; it is made again if it is not warm",
            )
        parser.add_argument(
            "--timeout",
            type=float,
            default=20.0,
            metavar="SECONDS",
            help="how long to wait for the operator's acknowledgement (default: %(default)g)",
        )
        parser.set_defaults(command=_say, verb=verb)


def _add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the ModelDeployment")
    parser.add_argument("-n", "--namespace", help="its namespace (default: the context's)")
    parser.add_argument("--context", help="the kubeconfig context (default: the current one)")


def _say(found: argparse.Namespace) -> None:
    verb = "promote-full" if found.verb == "promote" and found.full else found.verb
    target = f"/{found.to}" if found.verb == "rollback" and found.to else ""
    identity = f"{uuid4().hex[:12]}{target}"
    before = _get(found)
    _kubectl(found, "annotate", KIND, found.name, "--overwrite", f"{GROUP}/{verb}={identity}")
    after = _acknowledged(found, verb, identity)
    refusal = _refusal(found, before, verb)
    if refusal:
        raise RolloutError(refusal)
    print(after.get("status", {}).get("message", ""))


def _acknowledged(found: argparse.Namespace, verb: str, identity: str) -> Json:
    deadline = time.monotonic() + found.timeout
    while time.monotonic() < deadline:
        body = _get(found)
        if body.get("status", {}).get("commands", {}).get(verb) == identity:
            return body
        time.sleep(POLL)
    raise RolloutError(
        f"the operator has not acknowledged {verb} within {found.timeout:g} s: it will once it runs"
        f" (the annotation {GROUP}/{verb} is set)"
    )


def _refusal(found: argparse.Namespace, before: Json, verb: str) -> str | None:
    """The newest event that says why the command was ignored, if the operator has just said so."""
    selector = f"involvedObject.uid={before['metadata']['uid']},reason=CommandIgnored"
    events = json.loads(_kubectl(found, "get", "events", "--field-selector", selector, "-o", "json"))["items"]
    recent = [event["message"] for event in events if time.time() - _when(event) < found.timeout + 5]
    return next((text for text in reversed(recent) if text.startswith(f"{verb} ignored")), None)


def _when(event: Json) -> float:
    from datetime import datetime

    return datetime.fromisoformat(event["lastTimestamp"]).timestamp()


def _status(found: argparse.Namespace) -> int:
    shown, deadline = "", time.monotonic() + found.timeout
    while True:
        body = _get(found)
        text = tell(body)
        if text != shown:
            print(text, flush=True)
            shown = text
        phase = body.get("status", {}).get("phase")
        current = body.get("status", {}).get("observedGeneration") == body["metadata"]["generation"]
        if not found.wait:
            return 0
        if current and phase in ENDED:
            return ENDED[phase]
        if time.monotonic() > deadline:
            raise RolloutError(f"the rollout is not over after {found.timeout:g} s; it goes on")
        time.sleep(POLL)


def _get(found: argparse.Namespace) -> Json:
    body: Json = json.loads(_kubectl(found, "get", KIND, found.name, "-o", "json"))
    return body


def _kubectl(found: argparse.Namespace, *arguments: str) -> str:
    place = [
        *(["--context", found.context] if found.context else []),
        *(["-n", found.namespace] if found.namespace else []),
    ]
    try:
        done = subprocess.run(["kubectl", *place, *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise RolloutError(
            "kubectl is not on the PATH: this command reaches the cluster through it"
        ) from None
    if done.returncode:
        lines = (
            done.stderr.strip().splitlines()
        )  # the last one says it; those before are the client's own log
        raise RolloutError(f"kubectl: {lines[-1] if lines else f'exit status {done.returncode}'}")
    return done.stdout


def report(error: RolloutError) -> None:
    """Tell it, in one line."""
    print(f"slipway: {' '.join(str(error).split())}", file=sys.stderr)
