"""``fsynth balance`` where folders can't be read or written, or the disk is full."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from tests.cli.balance.running import Done

pytestmark = [
    pytest.mark.requires_extra("balance"),
    pytest.mark.skipif(os.name != "posix", reason="links, signals and such names are POSIX's"),
]


@pytest.fixture
def without_rights() -> list[str]:
    """The beginning of a command line that takes from root the right to pass over permissions."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("as root, needs the program setpriv")
    return ["setpriv", *(f"--{which}=-dac_override,-dac_read_search" for which in ("bounding-set", "inh-caps"))]


def test_folders_that_cannot_be_read_or_written(
    negative: Path, shoot: Path, balance: Callable[..., Done], without_rights: list[str]
) -> None:
    shutil.copyfile(negative, shoot / "good.dng")
    (shoot / "locked").mkdir()
    shutil.copyfile(negative, shoot / "locked" / "other.dng")
    shutil.copyfile(negative, shoot / "private.dng")
    (shoot / "private.dng").chmod(0)
    (shoot / "locked").chmod(0)
    shoot.chmod(0o555)
    try:
        done = balance("-r", "shoot", before=without_rights)
    finally:
        (shoot / "locked").chmod(0o755)
        shoot.chmod(0o755)
        (shoot / "private.dng").chmod(0o644)
    assert done.code == 3, done.output
    assert "can't be read: Permission denied" in done.line("locked")
    assert "can't be read: Permission denied" in done.line("private.dng")
    assert "good.xmp can't be written (Permission denied)" in done.line("good.dng")
    assert "--resume will not be possible" in done.output
    assert sorted(path.name for path in shoot.rglob("*")) == ["good.dng", "locked", "other.dng", "private.dng"]


def test_a_full_disk(negative: Path, shoot: Path, balance: Callable[..., Done], tmp_path: Path) -> None:
    """On a file system of 600 kB the first finished TIFF doesn't fit, and small ones do; the original is elsewhere."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "none", str(small)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount a small file system")
    try:
        shutil.copyfile(negative, shoot / "good.dng")
        done = balance("shoot", "--format", "tiff16", "-o", "small", "--report", "report.json")
        assert done.code == 3, done.output
        assert "No space left on device" in done.line("good.dng")
        assert [name for name in os.listdir(small) if not name.startswith(".fsynth-balance")] == []
        done = balance("shoot", "--format", "jpeg", "-o", "small", "--report", "report.json", "--overwrite")
        assert done.code == 0, done.output
        with Image.open(small / "good.jpg") as picture:
            picture.load()
    finally:
        subprocess.run(["umount", str(small)], check=True)
