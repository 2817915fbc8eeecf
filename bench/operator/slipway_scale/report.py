"""The page: what was measured, against what it must be."""

from dataclasses import dataclass

from slipway_scale.lines import WRITES
from slipway_scale.scenarios import Figures

HEAD = """\
# The operator at scale

Written by `{command}`, {when}, on {machine}. A bare etcd and kube-apiserver, no kubelet: a stand-in ([standin.py](slipway_scale/standin.py))
makes a ready Deployment and pod for every InferenceService (those of the first revisions are there beforehand) and
accepts every route; it, the API server and etcd share the machine with the operator, which has one core (`taskset`). Requests are counted in the operator's client; the
renewals of its lease (one write every two seconds) are told apart.

| what | must | measured | |
|---|---|---|---|
"""

TAIL = """
Creating {count} took {creates} requests of the operator ({share} for each) and {settled_cpu:.1f} s of its CPU; the API server and etcd used {api_cpu:.0f} s meanwhile,
and programs that have nothing to do with it {other_cpu:.0f} s. While idle it read {idle_reads} times (a list and a watch of each kind every few minutes) and used {idle_cpu:.1f} % of its
core. The {rolling} rollouts ({steps} steps) took {rollout:.0f} s and {rollout_cpu:.1f} s of CPU; the longest reconcile took {most:.2f} s.
"""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    must: str
    measured: str
    held: bool

    def __str__(self) -> str:
        return f"| {self.what} | {self.must} | {self.measured} | {'yes' if self.held else '**no**'} |"


def rows(figures: Figures) -> list[Row]:
    """Every target with its figure."""
    megabytes = figures.memory / 2**20
    idle_writes = sum(figures.idle_requests.get(method, 0) for method in WRITES)
    return [
        _most(f"{figures.count} new ones until all are Healthy", figures.settled, 40, "s"),
        Row(
            f"writes while {figures.count} are idle for {figures.idle_seconds / 60:g} minutes",
            "0",
            f"{idle_writes}",
            idle_writes == 0,
        ),
        _most(f"start with {figures.count} until each has been looked at", figures.restart, 15, "s"),
        _most(f"reconcile, p99, {figures.rolling} rolling out at once", figures.reconcile_p99, 1, "s"),
        _most("the latest step, after its time", figures.latest_step, 2, "s"),
        _most("writes for a step: all of a rollout by the changes of its route", figures.step_writes, 8, ""),
        _most("memory at its peak", megabytes, 300, "MB"),
    ]


def render(figures: Figures, command: str, when: str, machine: str) -> str:
    """The whole page."""
    table = "\n".join(map(str, rows(figures)))
    creates = sum(figures.settled_requests.values())
    return (
        HEAD.format(command=command, when=when, machine=machine)
        + table
        + "\n"
        + TAIL.format(
            count=figures.count,
            creates=creates,
            share=f"{creates / figures.count:.1f}",
            settled_cpu=figures.settled_cpu,
            api_cpu=figures.settled_api_cpu,
            other_cpu=max(0.0, figures.settled_other_cpu),
            idle_reads=figures.idle_requests.get("GET", 0),
            idle_cpu=100 * figures.idle_cpu / figures.idle_seconds,
            rolling=figures.rolling,
            steps=figures.steps,
            rollout=figures.rollout,
            rollout_cpu=figures.rollout_cpu,
            most=figures.reconcile_most,
        )
    )


def _most(what: str, value: float, limit: float, unit: str) -> Row:
    """A figure that must not exceed a limit."""
    digits = 2 if limit < 10 else 0
    return Row(what, f"≤ {limit:g} {unit}".strip(), f"{value:.{digits}f} {unit}".strip(), value <= limit)
