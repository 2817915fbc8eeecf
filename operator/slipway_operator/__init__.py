"""The operator: ModelDeployment in, InferenceServices and one weighted route out, moved by evidence.

A pure core (``rollout``) in a thin shell (``cluster``, ``evidence``, ``reconcile``, ``main``). Imports point one
way: main → reconcile → cluster, evidence → rollout → api.
"""
