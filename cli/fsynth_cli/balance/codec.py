"""An ``Analysis`` as JSON and back, to the last bit: a resumed run solves the same shoot."""

from __future__ import annotations

import base64
import datetime
import json
from pathlib import Path
from typing import Any

import numpy as np

from fsynth_cli.balance.analysis import Analysis, FaceAnalysis
from fsynth_cli.balance.cells import Cells

_KINDS: dict[str, Any] = {kind.__name__: kind for kind in (Analysis, FaceAnalysis, Cells)}


def to_json(analysis: Analysis) -> str:
    """One line of ASCII."""
    return json.dumps(analysis, default=_plain)


def from_json(text: str) -> Analysis:
    """The inverse of ``to_json``.

    Raises:
        ValueError: ``text`` is no such line.
    """
    try:
        analysis = json.loads(text, object_hook=_object)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError("no analysis") from error
    if not isinstance(analysis, Analysis):
        raise ValueError("no analysis")
    return analysis


def _plain(value: Any) -> dict[str, Any]:
    if isinstance(value, np.ndarray):
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {"is": "array", "type": value.dtype.str, "shape": value.shape, "data": data}
    if isinstance(value, Path):
        return {"is": "path", "path": str(value)}
    if isinstance(value, datetime.datetime):
        return {"is": "time", "time": value.isoformat()}
    return {"is": type(value).__name__} | {name: getattr(value, name) for name in value.__dataclass_fields__}


def _object(value: dict[str, Any]) -> Any:
    kind = value.pop("is", None)
    if kind == "array":
        flat = np.frombuffer(base64.b64decode(value["data"]), value["type"])
        return flat.reshape(value["shape"])
    if kind == "path":
        return Path(value["path"])
    if kind == "time":
        return datetime.datetime.fromisoformat(value["time"])
    if kind in _KINDS:
        fields = {name: tuple(entry) if isinstance(entry, list) else entry for name, entry in value.items()}
        return _KINDS[kind](**fields)
    raise ValueError(f"unknown kind {kind!r}")
