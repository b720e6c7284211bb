from __future__ import annotations

import errno
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from fsynth_training.fit import whole_files
from fsynth_training.fit.errors import FitError


def test_arrays_and_what_is_noted_come_back_the_same_bytes_each_time(tmp_path: Path) -> None:
    arrays = {"a/kernel": np.arange(6, dtype=np.float32).reshape(2, 3), "step": np.array(3)}
    for name in ("one.npz", "two.npz"):
        whole_files.write_arrays(tmp_path / name, arrays, {"step": 3, "history": [{"loss": 0.1}]})
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    stored, about = whole_files.read_arrays(tmp_path / "one.npz")
    assert about == {"step": 3, "history": [{"loss": 0.1}]}
    assert set(stored) == set(arrays)
    np.testing.assert_array_equal(stored["a/kernel"], arrays["a/kernel"])


def test_a_full_disk_leaves_the_file_before_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    whole_files.write(path, lambda file: file.write(b"before"))

    def fill(file: BinaryIO) -> None:
        file.write(b"half of i")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(FitError, match=r"state\.npz cannot be written: No space left on device.*make room"):
        whole_files.write(path, fill)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"no zip at all"])
def test_damaged_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state.npz").write_bytes(content)
    with pytest.raises(FitError, match=r"state\.npz cannot be read"):
        whole_files.read_arrays(tmp_path / "state.npz")


def test_a_cut_off_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    whole_files.write_arrays(path, {"a": np.zeros(1000)}, {})
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(FitError, match="Remove it to go on from an earlier checkpoint"):
        whole_files.read_arrays(path)
