"""`--workers N`: N processes that serve one bundle on the same ports, and the supervisor that keeps them.

The supervisor serves nothing and imports neither KServe nor scikit-learn. Each worker is a whole predictor: it listens
itself on the shared ports (SO_REUSEPORT: the kernel deals connections out), checks what it unpickles itself, and has
one line to the supervisor, over which readiness and figures are shared.
"""
