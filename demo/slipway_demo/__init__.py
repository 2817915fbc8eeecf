"""The demo: four models, one route, steady traffic, and the truth about every request. ``make demo`` runs it.

It needs nothing of the project's programs but what a user has: kubectl, the Helm chart and the command line.
"""
