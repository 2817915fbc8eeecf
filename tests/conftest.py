"""What all tiers share."""

from hypothesis import settings

# Time limits of single examples say nothing on a machine that builds something else beside the tests.
settings.register_profile("slipway", deadline=None)
settings.load_profile("slipway")
