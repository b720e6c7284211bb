from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fsynth_training.convert.tfjs import read_graph


def write_model(folder: Path, nodes: list[dict[str, Any]], weights: dict[str, np.ndarray]) -> Path:
    manifest = [
        {
            "name": name,
            "shape": list(array.shape),
            "dtype": "float32" if array.dtype.kind == "f" else str(array.dtype),
            **({"quantization": {"dtype": "float16"}} if array.dtype == np.float16 else {}),
        }
        for name, array in weights.items()
    ]
    document = {
        "modelTopology": {"node": nodes},
        "weightsManifest": [{"paths": ["model.bin"], "weights": manifest}],
    }
    (folder / "model.bin").write_bytes(b"".join(array.tobytes() for array in weights.values()))
    (folder / "model.json").write_text(json.dumps(document))
    return folder / "model.json"


def text(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def test_nodes_and_constants_are_read(tmp_path: Path) -> None:
    node = {
        "name": "conv",
        "op": "_FusedConv2D",
        "input": ["image", "kernel:0", "^control"],
        "attr": {
            "strides": {"list": {"i": ["1", "2", "2", "1"]}},
            "fused_ops": {"list": {"s": [text("BiasAdd"), text("Relu")]}},
            "padding": {"s": text("SAME")},
            "groups": {"i": "3"},
            "flag": {"b": True},
        },
    }
    weights: dict[str, np.ndarray] = {
        "kernel": np.arange(6, dtype=np.float16).reshape(2, 3),
        "shape": np.array([1, 2], np.int32),
        "bias": np.array([0.1], np.float32),
    }
    graph = read_graph(write_model(tmp_path, [node], weights))
    (found,) = graph.nodes
    assert (found.name, found.op, found.inputs) == ("conv", "_FusedConv2D", ("image", "kernel"))
    assert found.attributes == {
        "strides": [1, 2, 2, 1],
        "fused_ops": ["BiasAdd", "Relu"],
        "padding": "SAME",
        "groups": 3,
        "flag": True,
    }
    for name, array in weights.items():
        assert graph.constants[name].dtype == array.dtype
        np.testing.assert_array_equal(graph.constants[name], array)


def test_weights_of_another_length_are_refused(tmp_path: Path) -> None:
    path = write_model(tmp_path, [], {"kernel": np.zeros(4, np.float32)})
    with (tmp_path / "model.bin").open("ab") as file:
        file.write(b"1234")
    with pytest.raises(ValueError, match=r"model\.json: the weights file has 20 bytes, the manifest describes 16"):
        read_graph(path)


def test_8_bit_weights_are_refused(tmp_path: Path) -> None:
    path = write_model(tmp_path, [], {"kernel": np.zeros(4, np.float32)})
    document = json.loads(path.read_text())
    document["weightsManifest"][0]["weights"][0]["quantization"] = {"dtype": "uint8", "scale": 1, "min": 0}
    path.write_text(json.dumps(document))
    with pytest.raises(ValueError, match="kernel is quantised to uint8"):
        read_graph(path)
