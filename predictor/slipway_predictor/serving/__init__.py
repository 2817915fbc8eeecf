"""Serving: the transport-free core, and KServe's server around it (the only package that imports `kserve`)."""
