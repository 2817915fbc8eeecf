"""What the cluster holds, in memory: filled by watches and by our own writes, so that a reconcile reads nothing."""
