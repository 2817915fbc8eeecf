"""The one exception of the lab that is meant for people: its text is printed without a traceback."""

from pathlib import Path


class LabError(Exception):
    """Something the user can act on; the message says what and, where it can, what to do."""


class CommandError(LabError):
    """A command of a step failed; the tail of its log tells why."""

    def __init__(self, command: str, code: int, log: Path) -> None:
        super().__init__(f"`{command}` ended with code {code}")
        self.log = log


class StoppedError(LabError):
    """The run was stopped, by the user or because another step failed."""

    def __init__(self) -> None:
        super().__init__("stopped")
