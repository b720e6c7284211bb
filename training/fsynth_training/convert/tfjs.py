"""Reads a TensorFlow.js graph model: a JSON graph and one binary file of weights."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Node:
    """One operation of the graph, with its attributes decoded to plain Python values."""

    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Graph:
    """A TensorFlow.js graph model: nodes in file order, and constants by name as stored (float16 stays float16)."""

    nodes: tuple[Node, ...]
    constants: dict[str, np.ndarray]


def _plain(attribute: dict[str, Any]) -> Any:
    if "list" in attribute:
        values = attribute["list"]
        if "i" in values:
            return [int(i) for i in values["i"]]
        return [base64.b64decode(s).decode() for s in values.get("s", [])]
    if "s" in attribute:
        return base64.b64decode(attribute["s"]).decode()
    if "i" in attribute:
        return int(attribute["i"])
    return attribute.get("b", attribute.get("f"))


def read_graph(path: Path) -> Graph:
    """Read ``path`` (the JSON file) and the weights beside it.

    Quantised weights other than float16 raise ``ValueError``: none of the networks here has them.
    """
    document = json.loads(path.read_text())
    (group,) = document["weightsManifest"]
    data = b"".join((path.parent / name).read_bytes() for name in group["paths"])
    constants: dict[str, np.ndarray] = {}
    offset = 0
    for entry in group["weights"]:
        stored = np.dtype(entry.get("quantization", {}).get("dtype") or entry["dtype"])
        if entry["dtype"] == "float32" and stored.kind != "f":
            raise ValueError(f"{path.name}: weight {entry['name']} is quantised to {stored}, which is not supported")
        count = int(np.prod(entry["shape"], dtype=np.int64))
        array = np.frombuffer(data, stored, count, offset).reshape(entry["shape"])
        constants[entry["name"]] = array
        offset += array.nbytes
    if offset != len(data):
        raise ValueError(f"{path.name}: the weights file has {len(data)} bytes, the manifest describes {offset}")
    nodes = tuple(
        Node(
            name=node["name"],
            op=node["op"],
            inputs=tuple(name.split(":")[0] for name in node.get("input", []) if not name.startswith("^")),
            attributes={key: _plain(value) for key, value in node.get("attr", {}).items()},
        )
        for node in document["modelTopology"]["node"]
    )
    return Graph(nodes, constants)
