"""Takes a second recogniser out of its package: ``python -m fsynth_training.convert.mobilefacenet``.

It helps to judge outputs in training, is not needed to run fsynth, and so is not among the embedded networks.
"""

from __future__ import annotations

import functools
import sys
import tempfile
from pathlib import Path

from fsynth_training.convert.networks import check_archive, extract
from fsynth_training.convert.one_network import run
from fsynth_training.convert.sources import Network, Package

FACEPLUGIN = Package(
    name="faceplugin-face-recognition-js (npm)",
    version="0.0.1",
    archive="faceplugin-face-recognition-js-0.0.1.tgz",
    sha256="7ea06031d9a3f83753254fcff60506a07b81b46fc84d4ee024cd041f260ec1ba",
    fetch="npm pack faceplugin-face-recognition-js@0.0.1",
)

MOBILEFACENET = Network(
    name="mobilefacenet",
    package=FACEPLUGIN,
    files=(("package/model/fr_feature.onnx", "87aacdfe57510db2af90c0251df680e8eec88f122ee94712121d09bcaaaf3581"),),
    description="Face recognition (Chen et al. 2018, MobileFaceNets). ArcFace's chip (1, 3, 112, 112) -> (1, 512).",
    licence="MIT",
    origin="Faceplugin",
    trained_on="pictures that its makers do not name",
)


def convert(archive: Path) -> bytes:
    """The network in ``archive``, which ``FACEPLUGIN.fetch`` gives, as it is.

    Raises:
        SourceError: the archive or the file in it has another sha256.
    """
    check_archive(FACEPLUGIN, archive)
    with tempfile.TemporaryDirectory() as folder:
        (network,) = extract(MOBILEFACENET, archive, Path(folder))
        return network.read_bytes()


main = functools.partial(run, "fsynth_training.convert.mobilefacenet", FACEPLUGIN, convert)

if __name__ == "__main__":
    sys.exit(main())
