"""Atheris, which follows what code an input reaches: taken into the cache, and run on one target.

It is in no environment of this checkout: its wheel is for Linux on x86-64, 35 MB, and only fuzzing needs it.
"""

import os
import random
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
CACHE = Path(os.environ.get("SLIPWAY_CACHE") or Path.home() / ".cache" / "slipway") / "fuzz"
REQUIREMENTS = CHECKOUT / "requirements" / "fuzz.txt"
_LONGEST = 8192  # bytes of an input
_OWN = 0.5  # share of mutations that are whole new inputs of the target's own


def environment() -> dict[str, str]:
    """Return an environment in which Atheris can be imported; it is installed the first time."""
    stamp = CACHE / "requirements.txt"
    wanted = REQUIREMENTS.read_text()
    if not (stamp.exists() and stamp.read_text() == wanted):
        sys.stderr.write("Installing atheris into the cache (35 MB)\n")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        options = ["--require-hashes", "--no-deps", "--upgrade", "--target", str(CACHE)]
        subprocess.run([*pip, *options, "-r", str(REQUIREMENTS)], check=True)
        stamp.write_text(wanted)
    paths = [str(CHECKOUT), str(CACHE), *filter(None, [os.environ.get("PYTHONPATH")])]
    return dict(os.environ) | {"PYTHONPATH": os.pathsep.join(paths)}


def guided(target: str, inputs: int, seed: int) -> bool:
    """Fuzz a target in a process of its own; return whether nothing was found."""
    found = CACHE / "found"
    found.mkdir(parents=True, exist_ok=True)
    options = [
        f"-runs={inputs}",
        f"-seed={seed + 1}",  # 0 is libFuzzer's word for: any
        f"-max_len={_LONGEST}",
        f"-artifact_prefix={found}/{target}-",
        "-timeout=10",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    command = [sys.executable, "-m", "tests.fuzz.guided", target, *options]
    return subprocess.run(command, env=environment(), cwd=CHECKOUT).returncode == 0


def main(arguments: list[str]) -> None:
    """Run in the process that `guided` starts; never returns."""
    import atheris  # type: ignore[import-not-found]  # only in that process's environment

    with atheris.instrument_imports(include=["slipway_predictor", "slipway_contract"]):
        from tests.fuzz.catalogue import target

    name, *options = arguments
    chosen = target(name)

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        rng = random.Random(seed)
        own = chosen.make(rng) if rng.random() < _OWN else atheris.Mutate(data, longest)
        return bytes(own[:longest])

    def one(data: bytes) -> None:
        chosen.run(data)

    atheris.Setup([name, *options], one, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
