"""What all tiers share."""

import os

from hypothesis import settings

# Time limits of single examples say nothing on a machine that builds something else beside the tests.
# In CI the same examples every time: a change is judged by what it changes. New ones are found at people's desks.
settings.register_profile("slipway", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("slipway")
