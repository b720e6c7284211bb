"""The files of the embedded networks, and what is known of them."""

from __future__ import annotations

import functools
import hashlib
import json
from importlib import resources
from typing import Any

from fsynth.errors import ArgumentError, WeightsError

_DATA = resources.files("fsynth.networks") / "data"
_AGAIN = "Install fsynth again: pip install --force-reinstall fsynth"


@functools.cache
def network_cards() -> dict[str, dict[str, Any]]:
    """What is known of each embedded network, by name: sha256, bytes, description, licence, origin,
    trained_on and source.

    Raises:
        WeightsError: ``networks.json`` is missing or damaged.
    """
    try:
        cards: dict[str, dict[str, Any]] = json.loads((_DATA / "networks.json").read_text(encoding="utf-8"))["networks"]
    except (OSError, ValueError, KeyError) as error:
        raise WeightsError(f"fsynth/networks/data/networks.json is missing or damaged. {_AGAIN}") from error
    return cards


def read_network(name: str) -> bytes:
    """The ONNX file of the embedded network ``name``, its sha256 verified.

    Raises:
        ArgumentError: there is no such network.
        WeightsError: the file is missing or damaged.
    """
    cards = network_cards()
    if name not in cards:
        raise ArgumentError(f"There is no embedded network {name!r}: `name` is one of {', '.join(sorted(cards))}.")
    try:
        data = (_DATA / f"{name}.onnx").read_bytes()
    except OSError as error:
        raise WeightsError(f"fsynth/networks/data/{name}.onnx is missing. {_AGAIN}") from error
    if hashlib.sha256(data).hexdigest() != cards[name]["sha256"]:
        raise WeightsError(f"fsynth/networks/data/{name}.onnx is damaged (its sha256 differs). {_AGAIN}")
    return data
