"""The one error of this package: a bundle that cannot be trusted, read or written.

Its text is one sentence that names what is wrong and how to mend it; programs print it as it is.
"""


class BundleError(Exception):
    """A bundle is missing, malformed, or is not what its digest promises."""
