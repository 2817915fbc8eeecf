"""What the demo prints: acts, live lines, checks, and a table at the end. Plain text; colours only on a terminal."""

import shutil
import sys
import time
from collections.abc import Sequence
from typing import TextIO

BOLD, GREEN, RED, RESET = "\033[1m", "\033[32m", "\033[31m", "\033[0m"


class Screen:
    """Prints, with the time since the start in front."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._live = self._out.isatty()
        self._begin = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._begin

    def act(self, title: str) -> None:
        """A new act begins."""
        self._write(f"\n{self._style(BOLD, title)}")

    def say(self, text: str) -> None:
        """A line."""
        self._write(f"  [{self.elapsed:5.1f} s] {text}")

    def check(self, passed: bool, text: str) -> None:
        """The outcome of a check."""
        mark = self._style(GREEN, "ok  ") if passed else self._style(RED, "FAIL")
        self._write(f"  [{self.elapsed:5.1f} s] {mark} {text}")

    def table(self, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A table, columns as wide as they need to be."""
        texts = [[str(cell) for cell in row] for row in (head, *rows)]
        widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
        for number, row in enumerate(texts):
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            self._write(f"  {self._style(BOLD, line) if number == 0 else line}")

    def _style(self, code: str, text: str) -> str:
        return f"{code}{text}{RESET}" if self._live else text

    def _write(self, text: str) -> None:
        width = shutil.get_terminal_size().columns if self._live else 10_000
        for line in text.splitlines() or [""]:
            self._out.write((line if len(line) <= width or not self._live else line[:width]) + "\n")
        self._out.flush()
