"""Durations as Kubernetes users write them: ``90s``, ``5m``, ``1h30m``."""

import re
from datetime import timedelta

PATTERN = r"^([0-9]+h)?([0-9]+m)?([0-9]+s)?$"
_PARTS = re.compile(r"^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$")


def parse_duration(text: str) -> timedelta:
    """The duration that ``text`` means; raises ValueError for anything that is none."""
    match = _PARTS.match(text)
    if not text or not match:
        raise ValueError(f"{text!r} is no duration: write for example 90s, 5m or 1h30m")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def format_duration(duration: timedelta) -> str:
    """``duration`` for people, whole seconds: ``1h30m``, ``45s``; never empty."""
    seconds = max(0, round(duration.total_seconds()))
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [f"{hours}h" if hours else "", f"{minutes}m" if minutes else "", f"{seconds}s" if seconds else ""]
    return "".join(parts) or "0s"
