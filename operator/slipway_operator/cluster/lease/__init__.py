"""Two operators at once, one acts: a Lease as ``kubectl get leases`` shows it, with the durations of client-go."""
