"""`slipway`: the entry point. Each command is a parser and a function of a few lines here; the work is elsewhere.

Results go to stdout, so that they can be piped into a file or kubectl; everything else goes to stderr. Exit status:
0 done, 1 refused (one sentence says why), 2 wrong usage, 3 a bundle is whole but cannot be served here.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent

from slipway_cli import rollouts
from slipway_cli.check import CannotBeServed, check
from slipway_contract import BundleError

_NOT_SERVED = 3
_WARNINGS = {  # the predictor's words for its metric
    "library_version": "a library is here in another version than where the bundle was made; the golden rows agree",
    "engine_file": "the engine in the bundle cannot be used here, so the pipeline itself is loaded",
    "engine_parity": "a faster engine answers otherwise than the model's own library, so that one is used",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    found = _parser().parse_args(arguments)
    try:
        return found.command(found) or 0
    except rollouts.RolloutError as error:
        rollouts.report(error)
        return 1
    except BundleError as error:
        print(f"slipway: {' '.join(str(error).split())}", file=sys.stderr)
        return _NOT_SERVED if isinstance(error, CannotBeServed) else 1


def _create(found: argparse.Namespace) -> None:
    from slipway_cli.bundle import create
    from slipway_cli.deployment import deployment_yaml
    from slipway_cli.evidence import UnansweredError
    from slipway_cli.frames import KEEPS_NO_TYPES, read_frame

    data = None if found.data is None else read_frame(found.data)
    try:
        bundle = create(
            found.pipeline,
            name=found.name,
            version=found.version,
            out=found.out,
            data=data,
            enforce_ranges=found.enforce_ranges,
            max_rows=found.max_rows,
            keep=found.format,
            trust=found.trust,
            code=found.code,
        )
    except UnansweredError as error:
        if found.data is None or found.data.suffix.lower() != KEEPS_NO_TYPES:
            raise
        raise BundleError(
            f"{error}; a CSV file keeps no types (text of digits becomes numbers, times become text): if the pipeline goes by "
            "them, give the data as parquet"
        ) from error
    print(f"wrote {found.out}; try it: slipway-predictor serve {found.out}", file=sys.stderr)
    print(f"# digest {bundle.digest}")
    print(deployment_yaml(bundle, found.uri), end="")


def _check(found: argparse.Namespace) -> None:
    if found.load:
        print("loading the model in a process of its own", file=sys.stderr, flush=True)
    report = check(found.folder, digest=found.digest, load=found.load)
    manifest, root = report.bundle.manifest, report.bundle.root
    size = sum((root / path).stat().st_size for path in manifest.files)
    columns = sum(entry.width for entry in manifest.inputs)
    print(
        f"ok: {manifest.name} version {manifest.version}, {len(manifest.files)} file(s), {size / 2**20:.1f} MiB"
    )
    print(f"takes {columns} columns, answers {', '.join(o.name for o in manifest.outputs)}")
    if trial := report.trial:
        rows = (
            f"{trial.golden_rows} golden rows answered as before" if trial.golden_rows else "no golden rows"
        )
        print(f"loads in {trial.seconds:.1f} s, {rows}, engine {trial.engine}")
        for warning in trial.warnings:
            print(f"slipway: warning: {_WARNINGS.get(warning, warning)}", file=sys.stderr)
    elif manifest.runs_code:
        print("not loaded: that runs code of the bundle's; --load does it", file=sys.stderr)
    print(f"digest {report.bundle.digest}")


def _version(_found: argparse.Namespace) -> None:
    from slipway_predictor.bundle.versions import installed

    print(f"slipway {installed('slipway')}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="slipway",
        description="Package scikit-learn models for Slipway, and steer their rollouts.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=dedent(
            """\
            a first model, without a cluster:
              slipway bundle create --pipeline model.joblib --data train.parquet --name churn --version 1 --out churn-1
              slipway-predictor serve churn-1
            a rollout in a cluster, through kubectl (also as `kubectl slipway`):
              slipway status churn -n ml --wait
              slipway promote churn -n ml
            """
        ),
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    bundle = commands.add_parser(
        "bundle", help="make and check model bundles", description="Make and check model bundles."
    )
    bundle_commands = bundle.add_subparsers(required=True, metavar="COMMAND")
    _add_create(bundle_commands)
    _add_check(bundle_commands)
    rollouts.add_commands(commands)
    commands.add_parser("version", help="print the version").set_defaults(command=_version)
    return parser


def _add_create(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "create",
        help="make a bundle from a fitted pipeline",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=dedent(
            """\
            Make a bundle, the folder a predictor serves: the pipeline as it is, and model.yaml, which says what it
            takes, what it answers, and the sha256 of every file. Prints the bundle's digest and a ModelDeployment
            that is pinned to it. Loading a pickle runs code: use pipelines you trust.
            """
        ),
        epilog=dedent(
            """\
            examples:
              # with the training features: names, types and a typical row are taken from them
              slipway bundle create --pipeline model.joblib --data train.parquet --name churn --version 1 --out churn-1
              # without: every input is a float
              slipway bundle create --pipeline model.joblib --name churn --version 2 --out churn-2
              # as a file that runs no code when it is loaded, with a class of your own beside it
              slipway bundle create --pipeline model.joblib --format skops --trust sklearn --trust churn_features \\
                  --code dist/churn_features-1.0-py3-none-any.whl --name churn --version 3 --out churn-3
              # from an MLflow run's folder: the signature gives names and types
              slipway bundle create --pipeline mlruns/1/…/artifacts/model --name churn --version 4 --out churn-4
              # straight into the cluster, the bundle being on a volume claim already
              slipway bundle create --pipeline model.joblib --name churn --version 2 --out /mnt/models/churn/2 \\
                  --uri pvc://models/churn/2 | kubectl apply -f -
            """
        ),
    )
    parser.add_argument(
        "--pipeline",
        type=Path,
        required=True,
        metavar="FILE",
        help="the fitted pipeline: a joblib, pickle, .skops or .onnx file, or a folder that MLflow saved",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FILE",
        help="the frame it was fitted on, features only (.parquet or .csv)",
    )
    parser.add_argument("--name", required=True, help="the model's name, as in /v2/models/NAME")
    parser.add_argument("--version", required=True, help="this version's name, such as 1 or 2026-05-01")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder for the bundle")
    parser.add_argument(
        "--uri", help="where the bundle will lie for the cluster, for the printed ModelDeployment"
    )
    parser.add_argument(
        "--enforce-ranges",
        action="store_true",
        help="refuse numbers outside the data's ranges (default: only write the ranges down)",
    )
    parser.add_argument(
        "--max-rows",
        type=int,
        metavar="N",
        help="the most rows one request may hold (default: as many as fit)",
    )
    parser.add_argument(
        "--format",
        choices=("joblib", "skops"),
        help="keep the pipeline as joblib, or as skops, which runs no code when it is loaded (default: as it comes)",
    )
    parser.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="TYPE",
        help="with skops: a type, or a package such as sklearn, that you vouch for though skops does not; repeatable",
    )
    parser.add_argument(
        "--code",
        action="append",
        default=[],
        metavar="WHEEL",
        help="a wheel with classes of yours that the pipeline is made of; travels in the bundle; repeatable",
    )
    parser.set_defaults(command=_create)


def _add_check(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "check",
        help="check a bundle's files against its manifest, and whether it can be served",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=dedent(
            """\
            Check that a bundle is whole: every file has the sha256 that model.yaml says. With --load, also that it can be
            served here: its model is loaded in a process of its own, as a predictor does, and must answer its golden rows
            as it did where it was made. Exit status: 0 it is, 1 not whole, 2 wrong usage, 3 whole but not to be served here.
            """
        ),
        epilog="example:\n  slipway bundle check churn-1 --digest sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\n",
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="the bundle's folder")
    parser.add_argument("--digest", metavar="sha256:HEX", help="also require this digest")
    parser.add_argument(
        "--load",
        action="store_true",
        help="also load the model, which runs the code in a pickle or wheel: for bundles you trust",
    )
    parser.set_defaults(command=_check)
