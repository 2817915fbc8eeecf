"""A ModelDeployment's status as a page for people. Pure: JSON in, text out."""

from collections.abc import Iterator, Sequence
from typing import Any

Json = dict[str, Any]


def tell(body: Json) -> str:
    """The page, without a newline at its end."""
    status = body.get("status", {})
    return "\n".join(
        [
            *_head(body["metadata"], status),
            *_roles(status),
            *_gates(status),
            *_analysis(status),
            *_history(status),
        ]
    )


def _head(metadata: Json, status: Json) -> Iterator[str]:
    yield f"{metadata['namespace']}/{metadata['name']}: {status.get('phase', 'not seen by the operator yet')}"
    if status.get("message"):
        yield f"  {status['message']}"
    if status.get("url"):
        yield f"  {status['url']}"


def _roles(status: Json) -> Iterator[str]:
    rows = []
    for role in ("stable", "canary", "previous", "failed"):
        part = status.get(role)
        if part:
            weight = {"stable": 100 - (status.get("weight") or 0), "canary": status.get("weight") or 0}.get(
                role
            )
            share = f"{weight} % of requests" if weight is not None else _note(role, part)
            rows.append((role, part["version"], part["revision"], share))
    yield from _table(("", "VERSION", "REVISION", ""), rows)


def _note(role: str, part: Json) -> str:
    if role != "previous":
        reason: str = part["reason"]
        return reason
    share = f", with {part['weight']} % of requests" if part.get("weight") else ""
    return f"kept warm until {part['keepUntil'][:19]}Z{share}"


def _gates(status: Json) -> Iterator[str]:
    """As long as they matter: before the first request, and where one of them was the end."""
    gates = status.get("gates") or []
    before = status.get("canary") and not status.get("step")
    ended = status.get("failed") and any(gate["state"] in ("Failed", "Error") for gate in gates)
    if before or ended:
        rows = [(gate["name"], gate["state"], gate.get("message", "")) for gate in gates]
        yield from _table(("GATE", "STATE", ""), rows)


def _analysis(status: Json) -> Iterator[str]:
    looks = status.get("analysis") or []
    on_trial = (status.get("previous") or {}).get("tookAt")  # what was promoted is still judged
    if not looks or not (status.get("canary") or status.get("failed") or on_trial):
        return
    rows = [
        (
            look["metric"],
            look["verdict"] + (" (dry run)" if look.get("dryRun") else ""),
            look.get("stable", "-"),
            look.get("canary", "-"),
            look["message"],
        )
        for look in looks
    ]
    yield from _table(("METRIC", "VERDICT", "STABLE", "CANARY", ""), rows)


def _history(status: Json) -> Iterator[str]:
    rows = [
        (
            entry["endedAt"][:19] + "Z",
            entry["version"],
            entry["outcome"],
            f"{entry['reason']}: {entry.get('message', '')}" if entry.get("reason") else "",
        )
        for entry in status.get("history") or []
    ]
    yield from _table(("ENDED", "VERSION", "OUTCOME", ""), rows)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    if not rows:
        return
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    yield ""
    for row in (head, *rows):
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
