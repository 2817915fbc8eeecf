"""`python -m tests.fuzz`: a long run."""

import argparse
import sys

from slipway_predictor.monitoring import logs
from tests.fuzz.catalogue import TARGETS, target
from tests.fuzz.guided import guided
from tests.fuzz.own import Found, fuzz


def main() -> int:
    """Run; return 0, or 1 if something was found."""
    parser = argparse.ArgumentParser(prog="fuzz", description="Fuzz the predictor's borders.")
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)} (default: all)"
    )
    parser.add_argument("--inputs", type=int, default=1_000_000, help="all targets together (1000000)")
    parser.add_argument("--seed", type=int, default=0, help="the first number inputs are made from (0)")
    parser.add_argument(
        "--guided",
        action="store_true",
        help="with Atheris, which follows the code reached: deeper, but slower",
    )
    chosen = parser.parse_args()
    logs.configure()
    if unknown := set(chosen.targets) - set(TARGETS):
        parser.error(f"no target {', '.join(unknown)}")
    names = chosen.targets or list(TARGETS)
    shares = sum(TARGETS[name][1] for name in names)
    for name in names:
        inputs = round(chosen.inputs * TARGETS[name][1] / shares)
        _say(f"{name}: {inputs:,} inputs from seed {chosen.seed}")
        if chosen.guided:
            if not guided(name, inputs, chosen.seed):
                return 1
            continue
        try:
            tried = fuzz(target(name), inputs, chosen.seed)
        except Found as found:
            sys.stderr.write(f"FOUND: {found}\n")
            return 1
        _say(f"  nothing found in {tried.seconds:.0f} s; {dict(tried.outcomes.most_common(8))}")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
