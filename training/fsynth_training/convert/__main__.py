"""``python -m fsynth_training.convert``: makes the networks that ship in ``fsynth.networks`` from their packages."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from fsynth_training.convert.networks import SourceError, convert_all
from fsynth_training.convert.sources import DLIB, HUMAN


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0, or 1 with a sentence on standard error."""
    parser = argparse.ArgumentParser(prog="python -m fsynth_training.convert", description=__doc__)
    parser.add_argument("--human", type=Path, required=True, help=f"archive that `{HUMAN.fetch}` gives")
    parser.add_argument("--dlib", type=Path, required=True, help=f"archive that `{DLIB.fetch}` gives")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the .onnx files and networks.json")
    options = parser.parse_args(arguments)
    try:
        convert_all({HUMAN: options.human, DLIB: options.dlib}, options.output)
    except (SourceError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
