"""The steps of ``up``: what needs what, run side by side where independent, with progress for people.

A step runs in a thread of its own as soon as all it needs is done. Every step has a log file; when one fails, the
end of its log is shown and nothing more is started.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from slipway_lab.commands import Runner
from slipway_lab.errors import CommandError, LabError, StoppedError
from slipway_lab.report import Report


@dataclass(frozen=True)
class Step:
    """One thing to do: what it is called, what must be done before it and about how long it takes."""

    name: str
    action: "Callable[[Task], None]"
    title: str
    needs: tuple[str, ...] = ()
    seconds: float = 1.0
    """On two cores and alone, for the progress figure only."""


@dataclass(frozen=True)
class Task:
    """What a running step has at hand."""

    runner: Runner
    log: Path
    note: Callable[[str], None]
    """Shows a few words beside the step's name."""

    def run(self, command: Sequence[str | Path], **options: object) -> None:
        """Run a command with its output in the step's log (see ``Runner.run``)."""
        self.runner.run(command, self.log, **options)  # type: ignore[arg-type]  # the options are passed on as they are


class Steps:
    """Runs steps in the order of their needs."""

    def __init__(self, steps: Sequence[Step], logs: Path, runner: Runner, report: Report) -> None:
        self._pending = {step.name: step for step in steps}
        self._logs = logs
        self._runner = runner
        self._report = report
        self._done: set[str] = set()
        unknown = {need for step in steps for need in step.needs} - set(self._pending)
        if unknown:
            raise ValueError(f"steps that nobody defined are needed: {', '.join(sorted(unknown))}")

    def run(self) -> None:
        """Run all of them; raises what the first failing step raised, once the others have been ended."""
        self._logs.mkdir(parents=True, exist_ok=True)
        self._report.begin(list(self._pending.values()))
        running: dict[Future[None], Step] = {}
        with ThreadPoolExecutor(max_workers=max(1, len(self._pending))) as pool:
            try:
                while self._pending or running:
                    for step in self._ready():
                        running[pool.submit(self._run, step)] = step
                    if not running:
                        raise ValueError(f"steps that wait for each other: {', '.join(self._pending)}")
                    self._collect(running)
            except BaseException:
                self._runner.stop()
                raise
            finally:
                self._report.end()

    def _ready(self) -> list[Step]:
        ready = [step for step in self._pending.values() if self._done.issuperset(step.needs)]
        for step in ready:
            del self._pending[step.name]
        return ready

    def _collect(self, running: dict[Future[None], Step]) -> None:
        finished, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
        for future in finished:
            step = running.pop(future)
            future.result()
            self._done.add(step.name)
        self._report.tick()

    def _run(self, step: Step) -> None:
        log = self._logs / f"{step.name}.log"
        log.write_text("")
        self._report.started(step, log)
        begin = time.monotonic()
        try:
            step.action(Task(self._runner, log, lambda note: self._report.note(step, note)))
        except LabError as error:
            if self._runner.stopped:
                raise StoppedError from error  # it was ended, which is no failure of its own
            self._report.failed(step, error, log_tail(error.log if isinstance(error, CommandError) else log))
            raise
        self._report.finished(step, time.monotonic() - begin)


def log_tail(log: Path, lines: int = 15) -> list[str]:
    """The last lines of a log, for people."""
    try:
        return log.read_text(errors="replace").splitlines()[-lines:]
    except OSError:
        return []
