"""Fisher's exact test, one-sided: is one share of failures larger than another?

R. A. Fisher, Statistical Methods for Research Workers (1934), section 21.02: given the margins of the two-by-two
table, the number of failures in one row follows the hypergeometric distribution.
"""

from math import exp, lgamma


def p_greater(errors: int, requests: int, other_errors: int, other_requests: int) -> float:
    """The chance to see ``errors`` or more among ``requests``, were both shares alike; in [0, 1].

    Raises ValueError when there are more errors than requests, or a negative count.
    """
    for count, whole in ((errors, requests), (other_errors, other_requests)):
        if not 0 <= count <= whole:
            raise ValueError(f"{count} errors of {whole} requests")
    failures = errors + other_errors
    most = min(requests, failures)
    all_tables = _log_choose(requests + other_requests, failures)
    terms = (
        exp(_log_choose(requests, k) + _log_choose(other_requests, failures - k) - all_tables)
        for k in range(max(errors, failures - other_requests), most + 1)
    )
    return min(1.0, sum(terms))


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
