from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from fsynth_morphable.formats import embedded

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FSYNTH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A triangle that claims to have two landmarks."""
    info = {
        "format": "fsynth head",
        "version": 1,
        "name": "triangle",
        "licence": "CC0",
        "source": "here",
        "part_names": ["skin"],
        "expression_names": ["jawOpen"],
        "subdivision_levels": 0,
    }
    arrays = {
        "info": np.frombuffer(json.dumps(info).encode(), np.uint8),
        "mean": np.array([[0, 0, 0], [0.2, 0, 0], [0, 0.3, 0.1]], np.float32),
        "identity": np.ones((4, 3, 3), np.float32),
        "expression": np.ones((1, 3, 3), np.float32),
        "polygons": np.array([[0, 1, 2, -1]], np.int32),
        "polygon_part": np.zeros(1, np.int32),
        "landmark_vertices": np.array([[0], [1]], np.int32),
        "landmark_weights": np.ones((2, 1), np.float32),
    }
    embedded.write_arrays(arrays, tmp_path / "triangle.npz")
    return tmp_path / "triangle.npz"


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom fsynth_cli.main import main\n"
        "main(['models', '--help'], standalone_mode=False)\n"
        "assert not {'numpy', 'scipy', 'open3d', 'h5py', 'onnxruntime'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_add_list_and_info(run: Run, file: Path, home: Path) -> None:
    added = run("models", "add", file, "--name", "mine")
    assert added.exit_code == 0
    assert added.output == "Added `mine`. Use it with --model mine. Licence: CC0.\n"
    listed = run("models", "list").output.splitlines()
    assert [line.split()[0] for line in listed] == ["fsynth", "mine"]
    assert listed[1].endswith(str(home / "models" / "mine.npz"))
    shown = dict(line.split(maxsplit=1) for line in run("models", "info", "mine").output.splitlines())
    assert shown["name"] == "mine"
    assert shown["licence"] == "CC0"
    assert shown["vertices"] == "3"
    assert shown["polygons"] == "1: 0 quads, 1 triangles"
    assert shown["size"] == "20.0 x 30.0 x 10.0 cm (width, height, depth)"
    assert shown["identity"] == "4 modes, in standard deviations"
    assert shown["expressions"] == "1, from 0 to 1"
    assert shown["parts"] == "skin (1)"
    assert shown["landmarks"] == "2"


def test_info_of_the_embedded_head(run: Run) -> None:
    output = run("models", "info").output
    assert "CC0" in output
    assert "52, from 0 to 1" in output
    assert "eye_left" in output


def test_info_of_a_file(run: Run, file: Path) -> None:
    assert "triangle" in run("models", "info", file).output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("info", "basel"), "There is no model `basel`"),
        (("add", "gone.mat"), "gone.mat does not exist"),
        (("add", "photo.jpg"), "photo.jpg is no model: fsynth reads .npz"),
        (("add", "truncated.npz"), "truncated.npz is truncated, or no .npz archive"),
        (("add", "payload.pkl"), "payload.pkl is refused: beside arrays it asks for"),
        (("add", "triangle.npz", "--name", "My model"), "A model can't be called `My model`"),
    ],
)
def test_errors_are_sentences(
    run: Run, file: Path, home: Path, tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"no model")
    (tmp_path / "truncated.npz").write_bytes(file.read_bytes()[:300])
    (tmp_path / "payload.pkl").write_bytes(pickle.dumps({"f": print}))
    result = run("models", *arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {sentence}")
    assert not home.exists()


def test_a_model_is_replaced_only_when_asked(run: Run, file: Path) -> None:
    assert run("models", "add", file).exit_code == 0
    again = run("models", "add", file)
    assert again.exit_code == 1
    assert "There is a model `triangle` already" in again.stderr
    assert run("models", "add", file, "--overwrite").exit_code == 0
