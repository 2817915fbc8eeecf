"""Waiting for what ends the server's phases: a signal, a thread's work, whichever comes first."""

import asyncio
import contextlib
import functools
import os
import signal
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


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


def in_thread(work: Callable[[], T]) -> asyncio.Future[T]:
    """Run `work` in a thread that does not keep the process alive: a signal must not wait for a long load."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def finish(tell: Callable[[], None]) -> None:
        if not future.cancelled():
            tell()

    def body() -> None:
        try:
            tell = functools.partial(future.set_result, work())
        except BaseException as error:
            tell = functools.partial(future.set_exception, error)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits for the model any more
            loop.call_soon_threadsafe(finish, tell)

    threading.Thread(target=body, name="load", daemon=True).start()
    return future


async def first(*futures: asyncio.Future[Any]) -> None:
    """Wait until one of `futures` is done, and raise what it raised."""
    done, _ = await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
    for future in done:
        future.result()
