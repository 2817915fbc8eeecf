"""The conditions of an InferenceService: PredictorReady and IngressReady, and Ready over the two.

These are the rules of the library KServe uses. A dependent that turns False takes Ready with it at once, reason
and message included; one that turns Unknown does so only while the other is not False; one that turns True makes
Ready True, or shows the other's trouble. Conditions are kept sorted by type, and a time changes only with the
rest of the condition.
"""

from slipway_standin.objects import Obj

READY = "Ready"
PREDICTOR = "PredictorReady"
TRANSFORMER = "TransformerReady"
INGRESS = "IngressReady"
STOPPED = "Stopped"
DEPENDENTS = (PREDICTOR, INGRESS)


class Conditions:
    """A working copy of ``status.conditions``; ``now`` (RFC 3339, UTC) is stamped on what changes."""

    def __init__(self, entries: list[Obj], now: str) -> None:
        self._entries = {entry["type"]: dict(entry) for entry in entries}
        self._touched = {entry["type"]: 0 for entry in entries}
        self._now = now
        self._clock = 0

    def entries(self) -> list[Obj]:
        """The conditions as they go into status."""
        return [self._entries[kind] for kind in sorted(self._entries)]

    def status(self, kind: str) -> str:
        """``True``, ``False``, ``Unknown``; an empty string for a condition that is not there."""
        return str(self._entries.get(kind, {}).get("status", ""))

    def reason(self, kind: str) -> str:
        """The reason of a condition, or an empty string."""
        return str(self._entries.get(kind, {}).get("reason", ""))

    def initialise(self) -> None:
        """Start from Unknown everywhere, where there is no Ready yet."""
        if READY not in self._entries:
            for kind in (READY, *DEPENDENTS):
                self._put(kind, "Unknown", "", "")

    def set(self, kind: str, status: str, reason: str = "", message: str = "") -> None:
        """Set one condition and let Ready follow."""
        self._put(kind, status, reason, message)
        if kind not in DEPENDENTS:
            return
        if status == "True":
            self._recompute()
        elif status == "False" or not self._any_false():
            self._put(READY, status, reason, message)

    def _any_false(self) -> bool:
        return any(self.status(kind) == "False" for kind in DEPENDENTS)

    def _recompute(self) -> None:
        """Ready shows the trouble that was touched last, False before Unknown; with none it is True."""
        recent = sorted(DEPENDENTS, key=self._touch, reverse=True)
        for wanted in ("False", "Unknown"):
            for kind in recent:
                if self.status(kind) == wanted:
                    entry = self._entries[kind]
                    self._put(READY, wanted, entry.get("reason", ""), entry.get("message", ""))
                    return
        if all(kind in self._entries for kind in DEPENDENTS):
            self._put(READY, "True", "", "")
        else:
            self._put(READY, "Unknown", "", "")

    def _touch(self, kind: str) -> tuple[int, str]:
        return self._touched.get(kind, 0), self._entries.get(kind, {}).get("lastTransitionTime", "")

    def _put(self, kind: str, status: str, reason: str, message: str) -> None:
        entry: Obj = {"type": kind, "status": status}
        if kind not in (READY, *DEPENDENTS):
            entry["severity"] = "Info"
        entry |= {name: text for name, text in (("reason", reason), ("message", message)) if text}
        present = self._entries.get(kind, {})
        if {field: value for field, value in present.items() if field != "lastTransitionTime"} != entry:
            self._clock += 1
            self._touched[kind] = self._clock
            self._entries[kind] = {**entry, "lastTransitionTime": self._now}
