"""The operator at scale: a bare API server, a stand-in for KServe and the gateway, and the operator on one core.

There is no kubelet and there are no pods that run: what is measured is the operator and what it asks of the API server.
"""
