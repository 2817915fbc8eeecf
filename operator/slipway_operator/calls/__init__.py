"""Calling programs over HTTP with bounds: where to, for how long, how much. Used by gates and by evidence."""
