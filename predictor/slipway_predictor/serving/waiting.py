"""Waiting for what ends the server's phases: a signal, a thread's work, whichever comes first."""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Callable
from typing import Any


def signalled() -> asyncio.Future[signal.Signals]:
    """Return a future of the first signal to stop; a second one ends the process at once."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[signal.Signals] = loop.create_future()

    def stop(number: signal.Signals) -> None:
        if future.done():
            os._exit(128 + number)
        future.set_result(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    return future


def in_thread(work: Callable[[], object]) -> asyncio.Future[None]:
    """Run `work` in a thread that does not keep the process alive: a signal must not wait for a long load."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()

    def finish(error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)

    def body() -> None:
        error: BaseException | None = None
        try:
            work()
        except BaseException as caught:
            error = caught
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits for the model any more
            loop.call_soon_threadsafe(finish, error)

    threading.Thread(target=body, name="load", daemon=True).start()
    return future


async def first(*futures: asyncio.Future[Any]) -> None:
    """Wait until one of `futures` is done, and raise what it raised."""
    done, _ = await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
    for future in done:
        future.result()
