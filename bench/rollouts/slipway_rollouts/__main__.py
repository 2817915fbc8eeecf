"""The command: the lab, one ModelDeployment, a client at a steady rate, and one rollout after another."""

import argparse
import platform
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from slipway_demo.install import install
from slipway_demo.lab_target import lab_target
from slipway_demo.models import Models, train
from slipway_demo.storage import publish
from slipway_demo.target import CHECKOUT, Target
from slipway_rollouts.course import NAME, Course
from slipway_rollouts.priority import yielding_to_requests
from slipway_rollouts.report import Seen, failures, summary, table
from slipway_rollouts.sending import sending
from slipway_rollouts.watching import Latest, watching

NAMESPACE = f"bench-{uuid4().hex[:6]}"  # short: host labels have 63 characters at most


def main() -> int:
    """Exit status 1 if a request failed."""
    parser = argparse.ArgumentParser(prog="make bench-rollouts", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=30, help="rollouts and ways back (default: %(default)s)"
    )
    parser.add_argument("--rate", type=float, default=220.0, help="requests a second (default: %(default)s)")
    parser.add_argument("--out", type=Path, help="the file for the table (default: standard output)")
    options = parser.parse_args()
    target, models = lab_target(), train(CHECKOUT / ".cache/demo-models")
    install(target)
    target.run("create", "namespace", NAMESPACE)
    try:
        publish(target, NAMESPACE, models.folder)
        seen = run(target, models, options.rounds, options.rate)
    finally:
        target.run("delete", "namespace", NAMESPACE, "--wait=false")
        target.run("delete", "pv", f"{NAMESPACE}-models", "--wait=false", "--ignore-not-found")
    text = f"""# Rollouts under traffic

`make bench-rollouts`: {options.rounds} rollouts, aborts and rollbacks one after the other in the lab, {options.rate:g} requests a second through
Envoy Gateway all the while, on two cores that also run the cluster and the operator (Python {platform.python_version()}). The control
plane, Envoy Gateway's controller, the operator and kubectl have a low priority, as if they were on other nodes, and the
client is a process of its own in the cluster's network.

{table(seen)}
"""
    print(f"{text}{failures(seen)}")
    if options.out:
        options.out.write_text(text)
    return 1 if seen.failed else 0


def run(target: Target, models: Models, rounds: int, rate: float) -> Seen:
    """Bring version 1 up, and play."""
    first = Course(target, NAMESPACE, models, Latest())
    first.apply("1")
    target.run(
        "-n", NAMESPACE, "wait", f"md/{NAME}", "--for=jsonpath={.status.phase}=Healthy", "--timeout=120s"
    )
    with (
        watching(target, NAMESPACE, "md", NAME) as latest,
        watching(target, NAMESPACE, "httproute", NAME) as route,
    ):
        course = Course(target, NAMESPACE, models, latest)
        return play(course, route, rounds, rate)


def play(course: Course, route: Latest, rounds: int, rate: float) -> Seen:
    """All rounds under traffic."""
    host = str(urlsplit(course.settled("1")["url"]).hostname)
    done: list[str] = []
    with sending(host, NAME, course.models.rows, rate) as client, yielding_to_requests() as lowered:
        print(f"with a low priority: {', '.join(lowered)}", flush=True)
        begin = time.perf_counter()
        time.sleep(10)  # some time without a change to compare with
        for way in course.rounds(rounds):
            done.append(way)
            print(
                f"[{time.perf_counter() - begin:4.0f} s] {len(done)} of {rounds}: {way}; {client.sent:,} requests, "
                f"{client.failed} failed",
                flush=True,
            )
            time.sleep(8)
    return summary(done, client.answers, route.changes, course.starts)


if __name__ == "__main__":
    sys.exit(main())
