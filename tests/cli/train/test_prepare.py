"""``fsynth train prepare``: what it writes, says and returns, and that a run which was killed goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image, ImageEnhance

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')
pytest.importorskip("colour", reason='needs pip install "fsynth[train]"')

from fsynth_training.dataset import build as build_module
from fsynth_training.dataset.store import SHAPES, Dataset, DatasetError

# The astronaut smiles and looks up a little.
TOLERANT = [
    *("--set", "filters.pitch=20", "--set", "filters.lip_gap=0.5", "--set", "filters.mouth_width=1.5"),
    *("--set", "filters.forehead=60", "--set", "filters.photos_of_person=1", "--set", "degraded_views=1"),
    *("--workers", "1"),
]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory, astronaut: Path) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    photo = Image.open(astronaut).convert("RGB")
    for number, brightness in enumerate((1.0, 0.9, 0.8, 0.7, 0.6, 0.5)):
        path = folder / f"person {number % 3}" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        ImageEnhance.Brightness(photo).enhance(brightness).save(path)
    return folder


def test_a_folder_becomes_a_dataset(run: Callable[..., Result], photos: Path) -> None:
    result = run("train", "prepare", photos, "-o", "out/set", *TOLERANT)

    assert result.exit_code == 0
    assert result.output.startswith("out/set: 3 targets of 3 people, features of 6 photos, in 0.")
    assert result.stderr == ""
    dataset = Dataset.open("out/set")
    assert dataset.identity_names == ("person 0", "person 1", "person 2")
    assert dataset.features.shape == (6, 3, 1024)
    assert dataset.config["filters"]["pitch"] == 20
    assert "What became of 6 photos" in Path("out/set/report.html").read_text(encoding="utf-8")
    assert [path.name for path in Path("out").iterdir()] == ["set"]


def test_photos_that_fail_are_listed_and_the_others_go_on(
    run: Callable[..., Result], photos: Path, tmp_path: Path
) -> None:
    (tmp_path / "notes.jpg").write_text("not a photo", encoding="utf-8")
    rows = "".join(f"{path},{path.parent.name}\n" for path in sorted(photos.rglob("*.png"))[:2])
    (tmp_path / "list.csv").write_text(f"file,identity\n{rows}notes.jpg,x\ngone.jpg,x\n", encoding="utf-8")

    result = run("train", "prepare", "list.csv", "-o", "set", *TOLERANT)

    assert result.exit_code == 3
    assert [line.split(" ")[0] for line in result.stderr.splitlines()] == ["notes.jpg", "gone.jpg"]
    assert "2 photos failed." in result.stdout
    assert len(Dataset.open("set").features) == 2


@pytest.mark.requires_extra("tensorflow")
def test_a_second_recogniser_goes_along_with_what_it_saw(run: Callable[..., Result], photos: Path) -> None:
    from tests.training.small_recogniser import small_recogniser

    Path("small.onnx").write_bytes(small_recogniser())

    result = run("train", "prepare", photos, "-o", "set", "--second-encoder", "small.onnx", *TOLERANT)

    assert result.exit_code == 0
    dataset = Dataset.open("set")
    assert dataset.second_features is not None
    assert dataset.second_network is not None
    assert dataset.second_features.shape == (len(dataset.features), 2, 6)
    np.testing.assert_allclose(np.linalg.norm(dataset.second_features, axis=-1), 1, atol=1e-6)
    assert dataset.second_network.tobytes() == small_recogniser()


def test_quiet_prints_nothing_but_failures(run: Callable[..., Result], photos: Path) -> None:
    result = run("train", "prepare", photos, "-o", "set", "-q", *TOLERANT)

    assert (result.exit_code, result.output) == (0, "")


def test_when_none_passes_a_report_says_why(run: Callable[..., Result], photos: Path) -> None:
    result = run("train", "prepare", photos, "-o", "set", *TOLERANT, "--set", "filters.interocular=500")

    assert result.exit_code == 1
    assert "None of the 6 photos became a target: 6 by interocular. Loosen a rule" in result.stderr
    assert "set.partial/report.html shows each photo." in result.stderr
    assert "<b>6</b> dropped" in Path("set.partial/report.html").read_text(encoding="utf-8")
    assert not Path("set").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--config", "nowhere.toml"], 1, "The configuration nowhere.toml can't be read"),
        (["--set", "filters.yawn=3"], 1, "a key filters.yawn that is not known; the nearest is filters.yaw"),
        (["--config", "default"], 2, "needs --selfie selfie.onnx"),
        (["--encoder", "vgg"], 2, "There is no encoder 'vgg': it is faceres or dlib."),
        (["--identities", "who.csv"], 1, "who.csv can't be read"),
        (["--geometry", "."], 1, "is no dataset: it has no dataset.json"),
        (["--workers", "0"], 2, "0 is not in the range"),
    ],
)
def test_wrong_arguments_have_a_sentence(
    run: Callable[..., Result], photos: Path, arguments: list[str], code: int, sentence: str
) -> None:
    result = run("train", "prepare", photos, "-o", "set", *arguments)

    assert (result.exit_code, Path("set").exists()) == (code, False)
    assert sentence in result.stderr


def test_an_existing_folder_is_refused_before_anything_is_done(
    run: Callable[..., Result], photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("set").mkdir()
    Path("set/letter.txt").write_text("dear", encoding="utf-8")
    monkeypatch.setattr(build_module, "build", None)

    result = run("train", "prepare", photos, "-o", "set", *TOLERANT)
    assert result.exit_code == 1
    assert "set exists already" in result.stderr

    result = run("train", "prepare", photos, "-o", "set", "--overwrite", *TOLERANT)
    assert result.exit_code == 1
    assert "set exists and is no dataset, so it is not replaced" in result.stderr


@pytest.mark.parametrize(
    ("features", "sentence"),
    [
        (np.zeros((5, 128), np.float32), "features of 5 photos, but there are 6"),
        (np.zeros((6, 3, 128), np.float32), "floats of shape (photos, width) were expected"),
        (np.zeros((6, 128), int), "floats of shape (photos, width) were expected"),
    ],
)
def test_features_that_do_not_fit_are_a_usage_error(
    run: Callable[..., Result], photos: Path, features: np.ndarray, sentence: str
) -> None:
    np.save("mine.npy", features)

    result = run("train", "prepare", photos, "-o", "set", "--features", "mine.npy", *TOLERANT)

    assert result.exit_code == 2
    assert sentence in " ".join(result.stderr.split())


def test_features_of_ones_own(run: Callable[..., Result], photos: Path) -> None:
    features = np.random.default_rng(0).normal(size=(6, 128)).astype(np.float32)
    features[0, 3] = np.nan
    np.save("mine.npy", features)

    result = run("train", "prepare", photos, "-o", "set", "--features", "mine.npy", *TOLERANT)

    assert result.exit_code == 3
    assert "0.png: Its features are not finite numbers." in result.stderr
    np.testing.assert_array_equal(Dataset.open("set").features[:, 0], features[1:])


def test_a_full_disk_leaves_what_was_done_and_no_dataset(
    run: Callable[..., Result], photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Dataset, folder: Path, **settings: object) -> None:
        raise DatasetError(f"{folder} can't be written (No space left on device). Nothing was left half-written.")

    with monkeypatch.context() as patched:
        patched.setattr(Dataset, "write", full)
        result = run("train", "prepare", photos, "-o", "set", *TOLERANT)

    assert result.exit_code == 1
    assert "No space left on device" in result.stderr
    assert [path.name for path in Path().iterdir()] == ["set.partial"]
    assert run("train", "prepare", photos, "-o", "set", *TOLERANT).exit_code == 0


def test_interrupted_it_goes_on_later(
    run: Callable[..., Result], photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(build_module, "build", stop)

    result = run("train", "prepare", photos, "-o", "set", *TOLERANT)

    assert result.exit_code == 130
    assert "The same command goes on from here." in result.stderr


def arrays(folder: Path) -> dict[str, bytes]:
    """The bytes of every file of a dataset."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_killed_and_run_again_it_gives_the_same_bytes(photos: Path, tmp_path: Path, workers: str) -> None:
    program = [sys.executable, "-m", "fsynth_cli.main", "train", "prepare", str(photos), *TOLERANT[:-1], workers]
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    subprocess.run([*program, "-o", str(whole)], check=True, capture_output=True)

    process = subprocess.Popen([*program, "-o", str(stopped)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 120
    while not kept(stopped) and time.monotonic() < end:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()

    done = kept(stopped)
    assert 0 < len(done) < 6
    assert not stopped.exists()
    before = {path: path.stat().st_mtime_ns for path in done}
    again = subprocess.run([*program, "-o", str(stopped), "--keep-work"], check=True, capture_output=True, text=True)
    assert "3 targets of 3 people" in again.stdout
    assert {path: path.stat().st_mtime_ns for path in done} == before
    assert arrays(stopped) == arrays(whole)
    assert {f"{name}.npy" for name in SHAPES} < set(arrays(whole))


def kept(output: Path) -> list[Path]:
    """The results of single photos that a run has left."""
    return [path for path in output.with_name(f"{output.name}.partial").glob("*/*.npz") if path.name[0] != "."]
