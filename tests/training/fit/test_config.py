from __future__ import annotations

import json
from pathlib import Path

import pytest

from fsynth_training.fit import config
from fsynth_training.fit.config import NetworkConfig, network_config
from fsynth_training.fit.errors import FitError
from fsynth_training.fit.linear_config import LinearConfig
from fsynth_training.tables import Source, from_table


def test_every_preset_is_sound() -> None:
    assert {"default", "paper", "paper-dense", "paper-no-augmentation", "network"} <= set(config.presets())
    for name in config.presets():
        table = config.read_preset(name)
        kind = {"network": NetworkConfig, "basis": LinearConfig}[config.method_of(table, name)]
        assert from_table(kind, table, Source(name, FitError)).method == table["method"]  # type: ignore[attr-defined]


def test_the_preset_paper_has_what_the_paper_fixes() -> None:
    paper = network_config(config.read_preset("paper"), "paper")
    assert (paper.decoder.texture, paper.decoder.base_size, paper.decoder.base_channels) == ("cnn", 56, 256)
    assert (paper.loss.landmarks, paper.loss.texture, paper.loss.identity) == (1, 100, 10)
    beyond = (paper.loss.colour, paper.loss.consistency, paper.loss.laplacian, paper.loss.adversarial)
    assert beyond == (0, 0, 0, 0)
    assert (paper.data.morphs, paper.data.unlabelled, paper.data.mixed) == (1, 0, 0)


def test_the_ablations_differ_from_the_paper_only_in_what_they_take_away() -> None:
    paper, dense, plain = (
        network_config(config.read_preset(name), name) for name in ("paper", "paper-dense", "paper-no-augmentation")
    )
    assert (dense.loss, dense.data, dense.optimizer) == (paper.loss, paper.data, paper.optimizer)
    assert dense.decoder.texture == "dense"
    assert (plain.loss, plain.decoder, plain.optimizer) == (paper.loss, paper.decoder, paper.optimizer)
    assert plain.data.morphs == 0


def test_single_settings_go_on_top() -> None:
    table = config.with_settings(config.read_preset("paper"), ["loss.identity=0", "decoder.texture='dense'", "seed=4"])
    changed = network_config(table, "paper")
    assert (changed.loss.identity, changed.loss.texture, changed.seed) == (0, 100, 4)
    assert (changed.decoder.texture, changed.decoder.base_size) == ("dense", 56)
    with pytest.raises(FitError, match="no KEY=VALUE as in TOML"):
        config.with_settings({}, ["decoder.texture=dense"])


def test_a_config_comes_back_from_json() -> None:
    stored = json.loads(json.dumps(config.to_table(NetworkConfig(seed=3))))
    assert network_config(stored, "stored") == NetworkConfig(seed=3)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"loss": {"identity": -1.0}}, r"c\.toml: loss\.identity must be at least 0"),
        ({"data": {"morphs": 0.7, "mixed": 0.7}}, "add up to more than 1"),
        ({"data": {"mixed": 0.5}, "loss": {"identity": 0.0}}, "give loss.identity a weight"),
        ({"data": {"mixed": 0.5, "unlabelled": 0.5}}, "leave no rows with a target"),
        ({"data": {"mix_range": [1.0, 0.0]}}, "must rise"),
        ({"batch": 0}, "batch must be at least 1"),
        ({"optimizer": {"learning_rat": 1}}, "the nearest is optimizer.learning_rate"),
    ],
)
def test_what_cannot_be_is_refused(table: dict[str, object], message: str) -> None:
    with pytest.raises(FitError, match=message):
        network_config(table, "c.toml")


def test_files_and_names_that_do_not_exist(tmp_path: Path) -> None:
    with pytest.raises(FitError, match=r"no preset 'papre': there are .*paper"):
        config.read_preset("papre")
    with pytest.raises(FitError, match=r"none\.toml cannot be read"):
        config.read_file(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("steps = = 3")
    with pytest.raises(FitError, match=r"bad\.toml cannot be read as TOML"):
        config.read_file(tmp_path / "bad.toml")
    with pytest.raises(FitError, match="method = 'forest': it is one of 'network', 'basis'"):
        config.method_of({"method": "forest"}, "c.toml")
