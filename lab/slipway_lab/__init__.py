"""The lab: a real single-node Kubernetes in one network namespace, for machines without Docker.

``python -m slipway_lab up`` builds what is missing and starts etcd, Kubernetes, containerd, CoreDNS, Envoy
Gateway and an InferenceService controller; ``down`` ends exactly what ``up`` started. Nothing of the project
imports this package except its tests and its demo: the operator and the predictor never know of it.
"""
