"""Building some of the cluster's programs by themselves, for who needs no lab: the integration tests."""

from slipway_lab import builds
from slipway_lab.cache import Cache, locked
from slipway_lab.commands import Runner
from slipway_lab.paths import Paths
from slipway_lab.report import Report
from slipway_lab.steps import Steps


def build(names: tuple[str, ...], paths: Paths, report: Report) -> None:
    """Build these groups of Go programs into the cache unless they are there; needs no root."""
    cache = Cache(paths.cache)
    with locked(paths.cache / "lock", "another run fills the cache; waiting for it", report.say):
        plan = builds.Plan()
        builds.add_programs(plan, cache, names)
        if plan.steps:
            report.say(
                f"Building {', '.join(names)} into {cache.bin}, once; about {plan.seconds / 60:.0f} minutes."
            )
            Steps(plan.steps, paths.logs / "steps", Runner(None), report).run()
