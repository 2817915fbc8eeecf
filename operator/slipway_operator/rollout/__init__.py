"""The decisions, and nothing else: no I/O, no clock, no randomness.

``decide(deployment, seen, now)`` gives the next status and the actions that follow from it.
"""
