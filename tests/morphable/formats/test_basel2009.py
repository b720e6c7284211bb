from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fsynth_morphable.errors import ModelFileError
from fsynth_morphable.formats import basel2009

pytestmark = pytest.mark.requires_extra("models")


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    """A tetrahedron's worth of the file: 4 vertices, 2 shape modes, 1 colour mode."""
    rng = np.random.default_rng(0)
    return {
        "shapeMU": np.array([[0, 0, 50000, 90000, 0, 0, 0, 90000, 0, -90000, 0, 0]], np.float32).T,
        "shapePC": rng.normal(size=(12, 2)).astype(np.float32),
        "shapeEV": np.array([[3000.0], [500.0]], np.float32),
        "texMU": np.full((12, 1), 127.5, np.float32),
        "texPC": np.ones((12, 1), np.float32),
        "texEV": np.array([[25.5]], np.float32),
        # The other way round than counter-clockwise, from 1.
        "tl": np.array([[1, 3, 2], [1, 4, 3]], np.uint32),
    }


def write(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    from scipy.io import savemat

    savemat(path, arrays)
    return path


def test_reads_by_the_files_units_and_order(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    model = basel2009.read(write(tmp_path / "model.mat", arrays))
    # Micrometres, x y z x y z.
    np.testing.assert_allclose(model.mean, [[0, 0, 0.05], [0.09, 0, 0], [0, 0.09, 0], [-0.09, 0, 0]], atol=1e-7)
    # shapeEV are standard deviations.
    np.testing.assert_allclose(model.identity[0], arrays["shapePC"][:, 0].reshape(4, 3) * 3e-3, rtol=1e-5)
    np.testing.assert_allclose(model.identity[1], arrays["shapePC"][:, 1].reshape(4, 3) * 5e-4, rtol=1e-5)
    np.testing.assert_allclose(model.colour_mean, 0.5)
    np.testing.assert_allclose(model.colour_basis, 0.1, rtol=1e-6)
    assert model.expression.shape == (0, 4, 3)


def test_winds_triangles_outwards_and_counts_from_zero(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    model = basel2009.read(write(tmp_path / "model.mat", arrays))
    np.testing.assert_array_equal(model.polygons, [[1, 2, 0, -1], [2, 3, 0, -1]])
    a, b, c = model.mean[model.polygons[:, :3].T]
    assert (np.cross(b - a, c - a)[:, 2] > 0).all()  # towards the camera


def test_number_of_modes_is_the_files(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    arrays["shapePC"] = np.ones((12, 5), np.float32)
    arrays["shapeEV"] = np.ones((5, 1), np.float32)
    assert len(basel2009.read(write(tmp_path / "model.mat", arrays)).identity) == 5


def test_names_what_is_missing(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    del arrays["texEV"]
    with pytest.raises(ModelFileError, match=r"model\.mat is not the Basel Face Model of 2009: it has no `texEV`"):
        basel2009.read(write(tmp_path / "model.mat", arrays))


def test_modes_of_another_mesh(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    arrays["shapePC"] = np.ones((9, 2), np.float32)
    with pytest.raises(ModelFileError, match="`shapePC` has 2 modes of 3 vertices"):
        basel2009.read(write(tmp_path / "model.mat", arrays))


def test_array_of_text(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    arrays["tl"] = np.array(["triangles"], object)
    with pytest.raises(ModelFileError, match="`tl` is not an array of numbers"):
        basel2009.read(write(tmp_path / "model.mat", arrays))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_truncated(tmp_path: Path, arrays: dict[str, np.ndarray], share: float) -> None:
    path = write(tmp_path / "model.mat", arrays)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelFileError, match=r"model\.mat is"):
        basel2009.read(path)


def test_something_else(tmp_path: Path) -> None:
    path = tmp_path / "model.mat"
    path.write_bytes(b"no MATLAB file, whatever its name" * 20)
    with pytest.raises(ModelFileError, match="is truncated, or no MATLAB file"):
        basel2009.read(path)
