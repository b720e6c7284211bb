"""Fits of seconds: what is gone on with equals what was never stopped, and every way to fail has its sentence."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("tensorflow", reason='needs pip install "fsynth[tensorflow]"')

from tests.training.fit.small_fits import SIZE, checkpoints, people, settings

from fsynth_training.dataset.geometry import symmetric
from fsynth_training.dataset.prepare import PreparedSet
from fsynth_training.dataset.store import Dataset
from fsynth_training.fit import checkpoint, decoder_file, network_fit, whole_files
from fsynth_training.fit.config import network_config
from fsynth_training.fit.errors import FitError

Fit = Callable[..., Path]


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return people()


@pytest.fixture
def fit(tmp_path: Path, dataset: Dataset) -> Fit:
    """Fit to the small dataset in a folder of a name, with settings changed; lines of progress are dropped."""

    def run(name: str = "run", on: Dataset = dataset, **changes: Any) -> Path:
        config = network_config(settings(**changes), "test")
        network_fit.fit(on, config, tmp_path / name, report=lambda line: None)
        return tmp_path / name

    return run


def history(run: Path) -> list[dict[str, float]]:
    rows: list[dict[str, float]] = json.loads((run / "history.json").read_text())
    return rows


def test_a_fit_learns_and_shows_what_it_does(fit: Fit) -> None:
    run = fit(steps=120, checkpoint_every=60, optimizer={"learning_rate": 5e-3})
    first, last = history(run)
    assert last["landmarks"] < 0.75 * first["landmarks"]
    assert last["texture"] < first["texture"]
    assert {"val_loss", "val_landmarks", "val_texture"} <= set(last)
    with Image.open(run / "samples.png") as grid:
        assert grid.size == (4 * SIZE, 2 * SIZE)
    assert len(list((run / "tensorboard").iterdir())) == 1
    decoder, about = decoder_file.load(run / "decoder.npz")
    best = min((first, last), key=lambda row: row["val_loss"])
    assert about["step"] == best["step"]
    assert decoder.settings.feature_width == 16


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": {"decay": "cosine", "warm_up": 2, "clip_norm": 1.0}},
        {"decoder": {"texture": "dense", "matte_stride": 4}, "loss": {"adversarial": 1.0, "consistency": 1.0}},
        {"precision": "float16"},
        {"precision": "bfloat16", "loss": {"laplacian": 10.0}},
    ],
)
def test_going_on_equals_never_having_stopped(fit: Fit, changes: dict[str, Any]) -> None:
    whole = fit("whole", steps=5, **changes)  # the last checkpoint is one step after the one before
    broken = fit("broken", steps=5, **changes)
    (broken / "checkpoints" / "step-00000005.npz").unlink()
    (broken / "decoder.npz").unlink()
    fit("broken", steps=5, **changes)
    names = ("step-00000004.npz", "step-00000005.npz")
    for name in names:
        assert (whole / "checkpoints" / name).read_bytes() == (broken / "checkpoints" / name).read_bytes()
    assert history(whole) == history(broken)


def test_going_on_with_the_identity_loss_and_its_noise(fit: Fit, astronaut_set: PreparedSet) -> None:
    mesh = symmetric(astronaut_set.mesh[0, :, :2].astype(np.float64))
    data = people(width=1024, size=112, encoder="faceres", mesh=mesh)
    changes: dict[str, Any] = {
        "steps": 2,
        "checkpoint_every": 1,
        "data": {"unlabelled": 0.25, "mixed": 0.25},
        "loss": {"identity": 10.0, "chip_size": 160, "chip_noise": True, "colour": 0.2},
    }
    whole, broken = fit("whole", data, **changes), fit("broken", data, **changes)
    (broken / "checkpoints" / "step-00000002.npz").unlink()
    fit("broken", data, **changes)
    assert checkpoints(whole) == checkpoints(broken)
    rows = history(whole)
    assert all(-1 <= row["val_identity"] <= 1 for row in rows)
    assert rows[0]["identity"] != rows[1]["identity"]


def test_a_killed_fit_goes_on_as_if_nothing_had_been(fit: Fit, dataset: Dataset, tmp_path: Path) -> None:
    dataset.write(tmp_path / "set")
    config = tmp_path / "c.toml"
    table = settings()
    lines = ['method = "network"', "batch = 4", "steps = 40", "checkpoint_every = 5"]
    for part in ("decoder", "loss", "optimizer"):
        lines += [f"[{part}]", *[f"{key} = {value}" for key, value in table[part].items()]]
    config.write_text("\n".join(lines))
    command = [sys.executable, "-m", "fsynth_cli.main", "train", "fit", "set", "--config", "c.toml", "-o", "killed"]
    started = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    folder = tmp_path / "killed" / "checkpoints"
    while not list(folder.glob("*.npz")):
        assert started.poll() is None, "the fit ended before its first checkpoint"
        time.sleep(0.02)
    started.send_signal(signal.SIGKILL)
    started.wait()
    assert not (folder / "step-00000040.npz").exists()

    finished = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "Going on at step" in finished.stdout
    whole = fit("whole", steps=40, checkpoint_every=5)
    assert checkpoints(tmp_path / "killed") == checkpoints(whole)


def test_a_finished_fit_is_left_as_it_is(fit: Fit) -> None:
    before = checkpoints(fit())
    assert checkpoints(fit()) == before


def test_early_stop_keeps_the_best(fit: Fit) -> None:
    # Held-out people get worse at once at this rate: what is learned is noise.
    run = fit(steps=60, checkpoint_every=2, patience=2, optimizer={"learning_rate": 0.2})
    rows = history(run)
    best = min(rows, key=lambda row: row["val_loss"])
    assert rows[-1]["step"] == best["step"] + 4 < 60
    assert decoder_file.load(run / "decoder.npz")[1]["step"] == best["step"]
    assert history(fit(steps=60, checkpoint_every=2, patience=2, optimizer={"learning_rate": 0.2})) == rows


def test_without_held_out_people_the_latest_counts(fit: Fit, dataset: Dataset) -> None:
    run = fit(on=replace(dataset, validation=np.zeros(8, bool)))
    assert not any(name.startswith("val_") for name in history(run)[-1])
    assert decoder_file.load(run / "decoder.npz")[1]["step"] == 6
    assert not (run / "samples.png").exists()


def test_a_loss_that_is_no_number_stops_before_a_checkpoint(fit: Fit, tmp_path: Path) -> None:
    with pytest.raises(FitError, match=r"loss is no finite number any more at step .*learning_rate"):
        fit(optimizer={"learning_rate": 1e25})
    assert not list((tmp_path / "run" / "checkpoints").glob("*.npz"))


def test_a_full_disk_leaves_the_last_whole_checkpoint(
    fit: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, room = whole_files.write, [3]

    def write_while_there_is_room(path: Path, fill: Callable[[Any], object]) -> None:
        if path.suffix == ".npz" and path.parent.name == "checkpoints":
            room[0] -= 1
        if not room[0]:

            def fill_half(file: Any) -> None:
                file.write(b"half")
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

            write(path, fill_half)
        write(path, fill)

    monkeypatch.setattr(whole_files, "write", write_while_there_is_room)
    with pytest.raises(FitError, match=r"step-00000006\.npz cannot be written: No space left on device"):
        fit()
    folder = tmp_path / "run" / "checkpoints"
    assert sorted(path.name for path in folder.iterdir()) == ["step-00000002.npz", "step-00000004.npz"]
    monkeypatch.undo()
    fit()
    assert checkpoint.restore(folder, {}, [])[0] == 6


def test_mixed_precision_keeps_weights_and_landmarks_in_float32(dataset: Dataset) -> None:
    config = network_config(settings(precision="bfloat16"), "test")
    samples = network_fit.Samples(dataset, config)
    model = network_fit.build_model(dataset, config, samples.statistics)
    assert {weight.dtype for weight in model.decoder.weights} == {"float32"}
    code = model.decoder.encode(samples.batch(0)["features"])
    assert str(model.decoder.landmarks(code).dtype.name) == "float32"
    assert str(model.decoder.texture(code).dtype.name) == "bfloat16"
    assert model(samples.batch(0))["texture"].dtype.name == "float32"


def test_terms_that_are_off_are_not_computed(dataset: Dataset) -> None:
    config = network_config(settings(), "test")
    samples = network_fit.Samples(dataset, config)
    model = network_fit.build_model(dataset, config, samples.statistics)
    assert (model.identity, model.skin, model.discriminator) == (None, None, None)
    assert set(model(samples.batch(0))) == {"code", "landmarks", "texture"}


def test_features_of_no_known_encoder_cannot_have_the_identity_loss(fit: Fit) -> None:
    with pytest.raises(FitError, match=r"names None, which is none of faceres, dlib: set loss\.identity = 0"):
        fit(loss={"identity": 1.0})


def test_sizes_that_do_not_fit_the_dataset_are_named(fit: Fit) -> None:
    with pytest.raises(FitError, match=r"\[decoder\] does not fit the dataset: `image_size` must be `base_size`"):
        fit(decoder={"base_size": 20})


def test_skin_is_within_the_face(astronaut_set: PreparedSet) -> None:
    mesh = symmetric(astronaut_set.mesh[0, :, :2].astype(np.float64))
    weights = network_fit.skin_weights(people(mesh=mesh, size=56))
    assert weights.shape == (56, 56)
    assert weights.sum() == pytest.approx(1, abs=1e-5)
    x, y = np.meshgrid(np.arange(56), np.arange(56))
    outline = mesh / 4
    inside = (x > outline[:, 0].min() - 1) & (x < outline[:, 0].max() + 1) & (y > outline[:, 1].min() - 1)
    assert weights[~inside].sum() == 0
