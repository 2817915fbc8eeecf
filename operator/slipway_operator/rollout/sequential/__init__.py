"""The sequential comparison of two shares: pure mathematics, valid however often one looks.

``evalue`` is one check's evidence, ``forecast`` what earlier checks of stable let expect, ``process`` the evidence
of all checks together. What a share means (failed, slower than a bound, score below a cut) is not known here.
"""
