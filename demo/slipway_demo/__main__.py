"""``make demo``: from nothing to the summary table. Exit code 0 only if everything shown held."""

import argparse
import asyncio
import os
import shutil
import sys
from urllib.parse import urlsplit

from slipway_demo import acts
from slipway_demo.acts import NAME, NAMESPACE, Stage
from slipway_demo.install import install
from slipway_demo.models import Models, train
from slipway_demo.screen import Screen
from slipway_demo.storage import publish
from slipway_demo.target import CHECKOUT, DemoError, Target, context_target, reachable
from slipway_demo.traffic import Client
from slipway_demo.watch import Watch

RATE = 50.0  # requests a second


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--context", help="a kubeconfig context to run on, instead of the lab")
    parser.add_argument("--rate", type=float, default=RATE, help="requests a second (default: %(default)s)")
    options = parser.parse_args()
    try:
        return run(options.context, options.rate)
    except DemoError as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; `make demo` starts again, `make down` ends the lab", file=sys.stderr)
        return 130


def run(context: str | None, rate: float) -> int:
    """Choose the cluster and play."""
    target = choose(context)
    screen = Screen()
    screen.act(f"Slipway demo on {target.title}")
    models = train(CHECKOUT / ".cache/demo-models")
    screen.say(f"four models trained, {len(models.rows)} held-out rows")
    prepare(target, models, screen)
    with reachable(target) as url:
        passed = asyncio.run(play(target, models, screen, url, rate))
    screen.say(f"look around: {' '.join(target.kubectl)} -n {NAMESPACE} describe modeldeployment {NAME}")
    return 0 if passed else 1


def choose(context: str | None) -> Target:
    """The cluster to run on, and why, in one line."""
    if context:
        return context_target(context)
    if shutil.which("docker") and shutil.which("kind") and os.environ.get("DEMO") != "lab":
        from slipway_demo.kind_target import docker_answers, kind_target

        if docker_answers():
            print(
                "Docker and kind are here: the demo runs on a kind cluster (DEMO=lab runs the lab instead)."
            )
            return kind_target()
    print(
        "No Docker engine with kind here: the demo runs in the lab, a single-node Kubernetes of this checkout's own."
    )
    from slipway_demo.lab_target import lab_target

    return lab_target()


def prepare(target: Target, models: Models, screen: Screen) -> None:
    """Everything before the traffic: Slipway, an empty namespace, the models, version 1."""
    install(target)
    target.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    clear(target)
    screen.say("Slipway is installed (charts/slipway)")
    screen.say("copying the models into the claim that the pods read them from")
    publish(target, NAMESPACE, models.folder)
    target.apply(acts.model_deployment("1", models.digest("1")))
    screen.say("applied a ModelDeployment with version 1")


def clear(target: Target) -> None:
    """Take away what an earlier run left; a namespace deleted whole would take half a minute."""
    target.run("-n", NAMESPACE, "delete", "modeldeployments", "--all")
    target.run(
        "-n", NAMESPACE, "wait", "pod", "-l", "slipway.dev/deployment", "--for=delete", "--timeout=120s"
    )


async def play(target: Target, models: Models, screen: Screen, url: str, rate: float) -> bool:
    """The four acts; returns whether everything held."""
    watch = Watch(target, NAMESPACE, NAME)
    status = await watch.until(lambda s: s.get("phase") == "Healthy", "version 1 serving", 180)
    host = urlsplit(status["url"]).hostname or ""
    client = Client(url, host, NAME, models.rows, rate)
    stage = Stage(target, models, screen, watch, client)
    screen.say(f"traffic: {rate:.0f} requests a second, open loop, to {url} as {host}")
    async with client.running():
        for act in (acts.first, acts.good, acts.broken, acts.unloadable):
            await act(stage)
    acts.epilogue(stage)
    return stage.passed


if __name__ == "__main__":
    sys.exit(main())
