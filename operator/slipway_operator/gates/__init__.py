"""Running gates: what is asked of the canary, of stable and of the user's own programs before the first request.

One module for each kind of gate; each takes a ``Scene`` and gives an ``Answer``. Which gate runs when, and what follows
from its answer, is decided in ``rollout.gates``.
"""
