"""The benchmark: this predictor beside the servers people would use otherwise, in one run, on one core.

`make bench` runs all of it and writes bench/RESULTS.md. What is compared is said in scenarios.py, who with in
servers.py; how is in measure.py. No part of the product imports this.
"""
