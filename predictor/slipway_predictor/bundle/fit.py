"""Does the contract fit the pipeline? Asked once at load, so that a mismatch never becomes a failed request."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from slipway_contract import BundleError, Input, Manifest, Output, Scalar
from slipway_predictor.engines.documents import takes_documents


def feature_names(estimator: Any) -> list[str] | None:
    """Return the column names the estimator was fitted with, or None if it was fitted on a plain matrix."""
    names = getattr(estimator, "feature_names_in_", None)
    return None if names is None else [str(name) for name in names]


def feature_count(estimator: Any) -> int | None:
    """Return how many columns the estimator was fitted with, or None if it does not say (some first steps do not)."""
    if takes_documents(estimator):
        return 1
    count = getattr(estimator, "n_features_in_", None)
    return None if count is None else int(count)


@dataclass(frozen=True)
class Shape:
    """What a model takes, as far as it says: its columns' names and their number."""

    names: list[str] | None
    count: int | None

    @classmethod
    def of(cls, estimator: Any) -> "Shape":
        """Return an estimator's."""
        return cls(feature_names(estimator), feature_count(estimator))


def require_fit(manifest: Manifest, shape: Shape, describe: Callable[[], Sequence[Output]]) -> None:
    """Check that inputs and outputs of the manifest are the model's own.

    `describe` asks the model for one row built from the contract, and returns its outputs. Raises BundleError.
    """
    _require_inputs(manifest.inputs, shape)
    try:
        described = describe()
    except BundleError:
        raise
    except Exception as error:
        raise BundleError(
            f"the contract does not fit the pipeline: on the contract's own example row it raised "
            f"{type(error).__name__}: {' '.join(str(error).split())}"
        ) from error
    _require_outputs(manifest.outputs, described)


def _require_inputs(inputs: Sequence[Input], shape: Shape) -> None:
    names, count = shape.names, shape.count
    listed = [entry.name for entry in inputs]
    if names is not None and names != listed:
        at = next((i for i, pair in enumerate(zip(names, listed, strict=False)) if pair[0] != pair[1]), None)
        which = (
            f"input {at} is '{listed[at]}', the pipeline's '{names[at]}'"
            if at is not None
            else (f"it lists {len(listed)} inputs, the pipeline takes {len(names)}")
        )
        raise BundleError(f"the contract does not fit the pipeline: {which}; {_ANEW}")
    width = sum(entry.width for entry in inputs)
    if count is not None and count != width:
        raise BundleError(
            f"the contract does not fit the pipeline: it lists {width} columns, the pipeline takes {count}; {_ANEW}"
        )


def _require_outputs(outputs: Sequence[Output], described: Sequence[Output]) -> None:
    actual = {output.name: output for output in described}
    for output in outputs:
        found = actual.get(output.name)
        if found is None:
            raise BundleError(
                f"the contract does not fit the pipeline: it promises output '{output.name}', the pipeline has "
                f"{', '.join(actual)}; {_ANEW}"
            )
        if (output.type, output.columns) != (found.type, found.columns):
            raise BundleError(
                f"the contract does not fit the pipeline: output '{output.name}' is not of the promised type and "
                f"width; {_ANEW}"
            )
        if output.classes and found.classes and output.classes != found.classes:
            raise BundleError(
                f"the contract does not fit the pipeline: it promises the classes {_listed(output.classes)} of output "
                f"'{output.name}', the pipeline has {_listed(found.classes)}; {_ANEW}"
            )


def _listed(classes: Sequence[Scalar]) -> str:
    shown = ", ".join(repr(value) for value in classes[:_SHOWN])
    return shown if len(classes) <= _SHOWN else f"{shown} and {len(classes) - _SHOWN} more"


_SHOWN = 5  # classes in a message
_ANEW = "make the bundle anew with `slipway bundle create`"
