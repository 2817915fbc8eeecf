"""Synthetic rollouts, judged by Slipway's own analysis and by the rules of its peers, side by side.

``workload`` makes the requests, ``ours`` and ``peers`` judge them, ``scenarios`` lists what is tried, ``report``
writes the tables. No controller runs here: it is decision rules that are compared, on the same requests.
"""
