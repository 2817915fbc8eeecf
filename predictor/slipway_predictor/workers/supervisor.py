"""Keeping N workers: start them, replace those that end, stop them all within one grace period."""

import asyncio
import logging
import os
import signal
import socket
import time
from asyncio.subprocess import Process
from collections.abc import Callable, Sequence

from slipway_predictor.errors import CannotServe
from slipway_predictor.monitoring.logs import LOGGER
from slipway_predictor.workers.command import Ended, command, environment
from slipway_predictor.workers.hub import Hub, Line

_log = logging.getLogger(LOGGER)

_STEADY = 60.0  # seconds a worker must have lived for the next to be started at once
_LONGEST_PAUSE = 30.0
_EXITING = 5.0  # seconds beyond the time for draining before a worker is killed


class Supervisor:
    """The workers of one bundle."""

    def __init__(
        self, arguments: Sequence[str], workers: int, drain: float, on_ready: Callable[[], None]
    ) -> None:
        """`arguments`: each worker's command line; `drain`: seconds its requests under way have after a signal."""
        self._arguments = arguments
        self._drain = drain
        self._on_ready = on_ready
        self._workers = workers
        self._was_ready = False
        self._running: dict[int, Process] = {}
        self._hub = Hub(workers, self._ready)

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT. Raises CannotServe when a worker ends before all have ever been ready."""
        self._stopping = asyncio.Event()
        self._number = signal.SIGTERM
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop, number)
        kept = [asyncio.create_task(self._keep(index)) for index in range(self._workers)]
        try:
            await asyncio.gather(*kept)
        finally:
            self._stopping.set()
            await asyncio.gather(*kept, return_exceptions=True)

    def _ready(self, ready: bool) -> None:
        if ready and not self._was_ready:
            self._was_ready = True
            self._on_ready()

    def _stop(self, number: signal.Signals) -> None:
        """Let everything end in good order; at a second signal, at once."""
        if self._stopping.is_set():
            for process in self._running.values():
                _signal(process, signal.SIGKILL)
            os._exit(128 + number)
        self._number = number
        self._stopping.set()

    async def _keep(self, index: int) -> None:
        """Keep one worker running until it is time to stop."""
        pause = 0.0
        while not self._stopping.is_set():
            begin = time.monotonic()
            process, line, listening = await self._start(index)
            status = await self._ended(process)
            del self._running[index]
            await listening
            again = not self._stopping.is_set()
            self._hub.remove(line, replaced=again)
            if not again:
                return
            ended = Ended(index, process.pid, status, line.failure)
            if not self._was_ready:
                raise CannotServe(ended.sentence())
            pause = next_pause(pause, time.monotonic() - begin)
            _log.error("%s; another is started %s", ended.sentence(), f"in {pause:.0f} s" if pause else "now")
            await self._sleep(pause)

    async def _start(self, index: int) -> tuple[Process, Line, asyncio.Task[None]]:
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *command(theirs.fileno(), index, self._arguments),
                pass_fds=[theirs.fileno()],
                env=environment(os.environ, self._workers),
                process_group=0,  # a terminal's Ctrl-C comes to the supervisor alone, which hands it on
            )
        self._running[index] = process
        return process, *self._hub.add(index, ours)

    async def _ended(self, process: Process) -> int:
        """Wait until it has ended; when stopping takes too long, end it."""
        ending = asyncio.create_task(process.wait())
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait([ending, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not ending.done():
            _signal(process, self._number)
            await asyncio.wait([ending], timeout=self._drain + _EXITING)
            if not ending.done():
                _signal(process, signal.SIGKILL)
        return await ending

    async def _sleep(self, seconds: float) -> None:
        """Sleep, but not beyond the signal to stop."""
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait([stopping], timeout=seconds)
        stopping.cancel()


def next_pause(last: float, lived: float) -> float:
    """Return how long to wait before a worker is replaced that lived so many seconds: 0, 1, 2, 4 … 30."""
    if lived >= _STEADY:
        return 0.0
    return min(_LONGEST_PAUSE, 2 * last or 1.0)


def _signal(process: Process, number: signal.Signals) -> None:
    if process.returncode is None:
        process.send_signal(number)
