"""Why a predictor cannot start, apart from its bundle (that is `slipway_contract.BundleError`)."""


class CannotServe(Exception):  # noqa: N818 (reads as the sentence it carries)
    """The process cannot serve as it was asked to; the text says what to change."""
