from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason='needs pip install "fsynth[tensorflow]"')

from fsynth_training.convert.dlib_dat import Layer, read_layers
from fsynth_training.convert.dlib_to_onnx import BLOCKS, fold, to_onnx


def integer(value: int) -> bytes:
    """As dlib writes it: how many bytes, with the sign in the highest bit, then the bytes."""
    data = abs(value).to_bytes((abs(value).bit_length() + 7) // 8 or 1, "little")
    return bytes([len(data) | (0x80 if value < 0 else 0)]) + data


def tensor(array: np.ndarray, version: int = 2) -> bytes:
    sizes = b"".join(integer(size) for size in array.shape)
    return integer(version) + sizes + array.astype("<f4").tobytes()


def layer(name: str, array: np.ndarray, before: bytes = b"") -> bytes:
    return integer(len(name)) + name.encode() + before + tensor(array)


def test_layers_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    convolution = generator.normal(size=(300, 1, 1, 1)).astype(np.float32)
    affine = generator.normal(size=(1, 64, 1, 1)).astype(np.float32)
    matrix = generator.normal(size=(256, 128, 1, 1)).astype(np.float32)
    data = integer(-28) + layer("con_4", convolution) + integer(3) + layer("affine_", affine) + b"\x01\x08relu_110"
    data += layer("fc_2", matrix, before=integer(128) + integer(256))
    (tmp_path / "net.dat").write_bytes(data)
    layers = read_layers(tmp_path / "net.dat")
    assert [found.kind for found in layers] == ["con", "affine", "fc"]
    for found, array in zip(layers, [convolution, affine, matrix], strict=True):
        np.testing.assert_array_equal(found.values, array)


def test_values_that_look_like_a_name_are_values(tmp_path: Path) -> None:
    name = np.frombuffer(b"\x01\x05con_4\x00", "<f4").reshape(2, 1, 1, 1)
    (tmp_path / "net.dat").write_bytes(layer("con_4", name))
    (found,) = read_layers(tmp_path / "net.dat")
    assert found.values.tobytes() == name.tobytes()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (integer(5) + b"con_4" + tensor(np.ones((1, 1, 1, 1)), version=3), "a tensor of version 3"),
        (layer("con_4", np.ones((9, 1, 1, 1)))[:-1], r"shape \(9, 1, 1, 1\).*does not fit"),
        (integer(5) + b"con_4" + integer(2) + integer(-9) * 4, r"shape \(-9, .*does not fit"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "net.dat").write_bytes(data)
    with pytest.raises(ValueError, match=r"net\.dat: .*" + message):
        read_layers(tmp_path / "net.dat")


@pytest.fixture(scope="module")
def layers() -> list[Layer]:
    """Layers of the network's shapes with random weights of a size that keeps activations near 1."""
    generator = np.random.default_rng(0)
    layers = []
    shapes = [(32, 3, 7, 7)]
    for channels, _ in BLOCKS:
        shapes += [(channels, shapes[-1][0], 3, 3), (channels, channels, 3, 3)]
    for shape in shapes:
        fan_in = np.prod(shape[1:])
        kernel = generator.normal(size=shape) / np.sqrt(fan_in)
        flat = np.concatenate([kernel.ravel(), generator.normal(size=shape[0]) / 10])
        layers.append(Layer("con", flat.astype(np.float32).reshape(-1, 1, 1, 1)))
        affine = np.concatenate([generator.uniform(0.3, 1.0, shape[0]), generator.normal(size=shape[0]) / 10])
        layers.append(Layer("affine", affine.astype(np.float32).reshape(1, -1, 1, 1)))
    layers.append(Layer("fc", (generator.normal(size=(256, 128, 1, 1)) / 16).astype(np.float32)))
    return layers


def test_folding_keeps_what_the_two_layers_compute(layers: list[Layer]) -> None:
    folded, matrix = fold(layers)
    kernel, bias = folded[1]
    patch = np.random.default_rng(1).normal(size=(32, 3, 3))
    flat = layers[2].values.ravel()
    response = flat[:-32].reshape(32, -1) @ patch.ravel() + flat[-32:]
    gamma, beta = layers[3].values.reshape(2, 32)
    np.testing.assert_allclose(kernel.reshape(32, -1) @ patch.ravel() + bias, gamma * response + beta, rtol=1e-4)
    assert matrix.shape == (256, 128)


def test_layers_of_another_network_are_refused(layers: list[Layer]) -> None:
    with pytest.raises(ValueError, match=re.escape("not the layers of dlib's face recognition network: con, affine")):
        fold(layers[:2])


def test_16_bit_weights_change_little_against_float32(layers: list[Layer]) -> None:
    """The graph with its stored weights against the same graph, in which the exact ones were put."""
    import onnx
    import onnxruntime
    from onnx import numpy_helper

    model = to_onnx(layers, name="dlib_resnet")
    exact = onnx.ModelProto.FromString(model.SerializeToString())
    folded, matrix = fold(layers)
    weights = {f"conv_{index}/kernel": kernel for index, (kernel, _) in enumerate(folded)} | {"matrix": matrix}
    for node in exact.graph.node:
        for index, name in enumerate(node.input):
            if name.endswith("/scaled"):
                node.input[index] = name.removesuffix("/scaled") + "/exact"
    exact.graph.initializer.extend(numpy_helper.from_array(array, f"{name}/exact") for name, array in weights.items())

    image = {"image": np.random.default_rng(2).uniform(-0.5, 0.5, (2, 150, 150, 3)).astype(np.float32)}
    stored, wanted = (
        onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, image)[0]
        for graph in (model, exact)
    )
    assert stored.shape == (2, 128)
    assert not np.array_equal(stored, wanted)
    np.testing.assert_allclose(stored, wanted, atol=2e-4 * np.abs(wanted).max(), rtol=0)
    assert len(model.SerializeToString()) < 11.3e6
