from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from fsynth import networks
from fsynth.errors import ArgumentError, WeightsError
from fsynth.networks import files

NAMES = ["blazeface", "dlib_resnet", "facemesh", "faceres"]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the smallest network's files, which a test may damage."""
    source = resources.files("fsynth.networks") / "data"
    for name in ("blazeface.onnx", "networks.json"):
        (tmp_path / name).write_bytes((source / name).read_bytes())
    monkeypatch.setattr(files, "_DATA", tmp_path)
    networks.network_cards.cache_clear()
    yield tmp_path
    networks.network_cards.cache_clear()


@pytest.mark.parametrize("name", NAMES)
def test_card_and_file_agree(name: str) -> None:
    card = networks.network_cards()[name]
    assert len(networks.read_network(name)) == card["bytes"]
    assert card["licence"] in ("Apache-2.0", "CC0-1.0")
    assert all(card[key] for key in ("description", "origin", "trained_on"))
    assert all(re.fullmatch("[0-9a-f]{64}", sha256) for sha256 in card["source"]["files"].values())


def test_the_networks_are_these_and_stay_small() -> None:
    cards = networks.network_cards()
    assert sorted(cards) == NAMES
    assert sum(card["bytes"] for card in cards.values()) <= 20e6


def test_notice_names_every_network(root: Path) -> None:
    notice = (root / "NOTICE").read_text(encoding="utf-8")
    for name, card in networks.network_cards().items():
        entry = next(part for part in notice.split("\n\n") if f"{name}.onnx" in part)
        assert card["licence"] in entry
        assert card["source"]["version"] in entry
        assert card["origin"].split("https://")[1] in entry


def test_intact_copy_is_read(data: Path) -> None:
    assert networks.read_network("blazeface") == (data / "blazeface.onnx").read_bytes()


def test_damaged_network_is_refused(data: Path) -> None:
    damaged = bytearray((data / "blazeface.onnx").read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (data / "blazeface.onnx").write_bytes(damaged)
    with pytest.raises(WeightsError, match=r"blazeface\.onnx is damaged"):
        networks.read_network("blazeface")


def test_missing_network_is_named(data: Path) -> None:
    (data / "blazeface.onnx").unlink()
    with pytest.raises(WeightsError, match=r"blazeface\.onnx is missing"):
        networks.read_network("blazeface")


@pytest.mark.parametrize("text", ["{", json.dumps({"others": {}})])
def test_damaged_cards_are_refused(data: Path, text: str) -> None:
    (data / "networks.json").write_text(text)
    with pytest.raises(WeightsError, match=r"networks\.json is missing or damaged"):
        networks.network_cards()


def test_unknown_network_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"'facenet'.*blazeface, dlib_resnet, facemesh, faceres"):
        networks.read_network("facenet")
