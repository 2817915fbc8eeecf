"""Reading a model that MLflow saved: its folder's `MLmodel` names the file, its signature the inputs.

The folder is read by its documented form; MLflow itself is not needed.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from slipway_cli.sources import Source, dumped
from slipway_contract import BundleError, Input, ValueType
from slipway_predictor.bundle import format_of

if TYPE_CHECKING:
    import pandas as pd

DESCRIPTION = "MLmodel"
_FLAVORS = {"sklearn": "pickled_model", "lightgbm": "data", "onnx": "data", "xgboost": "data"}
_TYPES = {
    "double": ValueType.FLOAT,
    "float": ValueType.FLOAT,
    "long": ValueType.INT,
    "integer": ValueType.INT,
    "boolean": ValueType.BOOL,
    "string": ValueType.STRING,
    "datetime": ValueType.TIMESTAMP,
}


def read_mlflow(folder: Path) -> Source:
    """Return the model in a folder that MLflow saved. Raises BundleError with what about it cannot be taken."""
    about = _description(folder)
    flavors = about.get("flavors") or {}
    name = next((flavor for flavor in _FLAVORS if flavor in flavors), None)
    if name is None:
        raise BundleError(
            f"'{folder}' holds an MLflow model of {', '.join(flavors) or 'no flavor'}: only {', '.join(_FLAVORS)} can be "
            "served"
        )
    flavor = flavors[name]
    if code := flavor.get("code"):
        raise BundleError(
            f"'{folder}' was saved with code_paths ('{code}'), which a bundle takes as wheels only: make wheels of it and "
            f"give the model's file ('{folder / str(flavor[_FLAVORS[name]])}') with --code"
        )
    path = folder / str(flavor.get(_FLAVORS[name]))
    data, kind = _bytes(path), format_of(path)
    if name == "xgboost" and path.suffix in (".ubj", ".json", ".xgb"):
        data = dumped(_xgboost(path, str(flavor.get("model_class"))))
    example = _example(folder, about)
    return Source(
        data,
        str(path),
        kind,
        trusted=list(flavor.get("skops_trusted_types") or ()),
        inputs=_inputs(folder, about, example),
        rows=example,
    )


def _description(folder: Path) -> dict[str, Any]:
    path = folder / DESCRIPTION
    if not path.is_file():
        raise BundleError(
            f"'{folder}' is a folder without a file {DESCRIPTION}: give the pipeline's file, or a folder that MLflow saved"
        )
    try:
        about = yaml.safe_load(path.read_bytes())
    except (OSError, yaml.YAMLError) as error:
        raise BundleError(f"'{path}' cannot be read: {' '.join(str(error).split())}") from None
    if not isinstance(about, dict):
        raise BundleError(f"'{path}' is not what MLflow writes: it must be a mapping with flavors")
    return about


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleError(f"the model '{path}' cannot be read: {error.strerror or error}") from None


def _xgboost(path: Path, kind: str) -> Any:
    """Return an estimator of XGBoost's from its own file."""
    module, _, name = kind.rpartition(".")
    if not (module.startswith("xgboost.") and name.startswith("XGB")):
        raise BundleError(
            f"'{path}' holds {kind}: only XGBoost's estimators (XGBClassifier, XGBRegressor, …) can be served, whose "
            "answers have a name"
        )
    try:
        import xgboost
    except ImportError:
        raise BundleError(
            f"'{path}' needs xgboost, which is not installed here: pip install xgboost"
        ) from None
    estimator = getattr(xgboost, name)()
    estimator.load_model(path)
    return estimator


def _example(folder: Path, about: dict[str, Any]) -> "pd.DataFrame | None":
    """Return the input example, where it is a table."""
    saved = about.get("saved_input_example_info") or {}
    if saved.get("type") != "dataframe" or saved.get("pandas_orient") != "split":
        return None
    import pandas as pd

    try:
        document = json.loads((folder / str(saved["artifact_path"])).read_bytes())
        return pd.DataFrame(document["data"], columns=[str(name) for name in document["columns"]])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # it only illustrates


def _inputs(folder: Path, about: dict[str, Any], example: "pd.DataFrame | None") -> list[Input] | None:
    """Return the inputs of the model's signature, or None if it has none."""
    text = (about.get("signature") or {}).get("inputs")
    if not text:
        return None
    try:
        columns = json.loads(text)
        return [_input(column, example) for column in columns]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(
            f"the signature of '{folder}' cannot be taken ({error}): give the training data with --data instead"
        ) from None


def _input(column: dict[str, Any], example: "pd.DataFrame | None") -> Input:
    if column["type"] == "tensor":
        return _tensor(column)
    name, kind = str(column["name"]), _TYPES.get(str(column["type"]))
    if kind is None:
        raise ValueError(f"column '{name}' holds {column['type']}, which the protocol has no type for")
    rules: dict[str, Any] = {}
    if not column.get("required", True):
        rules = {"required": False, "missing": "nan" if kind is not ValueType.STRING else "none"}
        if kind in (ValueType.INT, ValueType.BOOL):
            kind = ValueType.FLOAT  # numbers with gaps are floats in a frame
    if (value := _first(example, name, kind)) is not None:
        rules["example"] = value
    return Input(name=name, type=kind, **rules)


def _tensor(column: dict[str, Any]) -> Input:
    shape, dtype = column["tensor-spec"]["shape"], str(column["tensor-spec"]["dtype"])
    if len(shape) != 2 or shape[0] != -1 or shape[1] < 1:
        raise ValueError(f"a tensor of shape {shape} is not rows of so many columns")
    if not dtype.startswith(("float", "int", "uint")):
        raise ValueError(f"a tensor of {dtype} is not numbers")
    return Input(name=str(column.get("name", "input")), type=ValueType.FLOAT, columns=shape[1])


def _first(example: "pd.DataFrame | None", name: str, kind: ValueType) -> Any:
    """Return the example's value in the first row, if it fits the type."""
    if example is None or name not in example or not len(example):
        return None
    value = example[name].iloc[0]
    value = value.item() if hasattr(value, "item") else value
    fitting = {
        ValueType.FLOAT: (int, float),
        ValueType.INT: (int,),
        ValueType.BOOL: (bool,),
    }.get(kind, (str,))
    is_one = isinstance(value, fitting) and isinstance(value, bool) == (kind is ValueType.BOOL)
    return value if is_one and value == value else None
