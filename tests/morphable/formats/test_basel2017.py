from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fsynth_morphable.errors import ModelFileError
from fsynth_morphable.formats import basel2017
from fsynth_morphable.model import COMPONENTS

pytestmark = pytest.mark.requires_extra("models")

MEAN = np.array([0, 0, 50, 90, 0, 0, 0, 90, 0, -90, 0, 0], np.float32)
CELLS = np.array([[1, 2, 0], [2, 3, 0]], np.int32)


def write(path: Path, parts: tuple[str, ...] = ("shape", "expression", "color"), modes: int = 2) -> Path:
    import h5py

    with h5py.File(path, "w") as file:
        for number, part in enumerate(parts):
            file[f"{part}/model/mean"] = {"shape": MEAN, "expression": np.full(12, 2.0), "color": np.full(12, 0.4)}[
                part
            ]
            file[f"{part}/model/pcaBasis"] = np.random.default_rng(number).normal(size=(12, modes))
            file[f"{part}/model/pcaVariance"] = np.arange(1, modes + 1) ** 2.0
        file["shape/representer/cells"] = CELLS.T
    return path


def test_reads_by_the_files_units_and_order(tmp_path: Path) -> None:
    model = basel2017.read(write(tmp_path / "model.h5"))
    # Millimetres; the mean of the expressions belongs to the neutral head.
    np.testing.assert_allclose(model.mean, (MEAN.reshape(4, 3) + 2) / 1000, rtol=1e-6)
    # Variances: the second mode's standard deviation is 2.
    basis = np.random.default_rng(0).normal(size=(12, 2))
    np.testing.assert_allclose(model.identity[1], basis[:, 1].reshape(4, 3) * 2e-3, rtol=1e-6)
    basis = np.random.default_rng(1).normal(size=(12, 2))
    np.testing.assert_allclose(model.expression[1], basis[:, 1].reshape(4, 3) * 2e-3, rtol=1e-6)
    np.testing.assert_allclose(model.colour_mean, 0.4, rtol=1e-6)
    np.testing.assert_array_equal(model.polygons, [[1, 2, 0, -1], [2, 3, 0, -1]])
    assert model.expression_range == COMPONENTS


def test_without_expressions_and_colours(tmp_path: Path) -> None:
    model = basel2017.read(write(tmp_path / "model.h5", ("shape",), modes=7))
    assert model.identity.shape == (7, 4, 3)
    assert model.expression.shape == (0, 4, 3)
    assert model.colour_mean is None
    np.testing.assert_allclose(model.mean, MEAN.reshape(4, 3) / 1000, rtol=1e-6)


def test_triangles_at_the_root(tmp_path: Path) -> None:
    import h5py

    path = write(tmp_path / "model.h5")
    with h5py.File(path, "a") as file:
        file["representer/cells"] = file["shape/representer/cells"][:, :1]
        del file["shape/representer/cells"]
    assert len(basel2017.read(path).polygons) == 1


def test_no_triangles(tmp_path: Path) -> None:
    import h5py

    path = write(tmp_path / "model.h5")
    with h5py.File(path, "a") as file:
        del file["shape/representer/cells"]
    with pytest.raises(ModelFileError, match="has no `shape/representer/cells`"):
        basel2017.read(path)


def test_negative_variance(tmp_path: Path) -> None:
    import h5py

    path = write(tmp_path / "model.h5")
    with h5py.File(path, "a") as file:
        file["shape/model/pcaVariance"][0] = -1
    with pytest.raises(ModelFileError, match="`shape/model` has a mean of 12, 2 variances"):
        basel2017.read(path)


def test_another_hdf5_file(tmp_path: Path) -> None:
    import h5py

    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        file["data"] = np.zeros(3)
    with pytest.raises(ModelFileError, match="is no Basel Face Model"):
        basel2017.read(path)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_truncated(tmp_path: Path, share: float) -> None:
    path = write(tmp_path / "model.h5")
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelFileError, match=r"model\.h5 is"):
        basel2017.read(path)
