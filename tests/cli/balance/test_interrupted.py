from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from PIL import Image
from tests.cli.balance.running import FSYNTH, Done

pytestmark = [
    pytest.mark.requires_extra("balance"),
    pytest.mark.skipif(os.name != "posix", reason="links, signals and such names are POSIX's"),
]


@pytest.mark.parametrize("interruption", [signal.SIGINT, signal.SIGTERM])
def test_interruption_and_resumption(negative: Path, shoot: Path, tmp_path: Path, interruption: signal.Signals) -> None:
    for number in range(12):
        shutil.copyfile(negative, shoot / f"{number:02}.dng")
    hashes = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in shoot.iterdir()}
    command = [*FSYNTH, "balance", "shoot", "--jobs", "2", "--format", "png", "-o", "out"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        deadline = time.monotonic() + 300
        while not list((tmp_path / "out").glob("*.png")):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(interruption)
        output, _ = process.communicate(timeout=120)
    assert process.returncode == 130, output
    assert "--resume" in output
    assert "Traceback" not in output
    pictures = {path: path.stat().st_ino for path in (tmp_path / "out").glob("*.png")}
    assert 0 < len(pictures) < 12
    assert not list((tmp_path / "out").glob("*.tmp"))
    for path in pictures:
        with Image.open(path) as picture:
            picture.load()
    done = Done(tmp_path, ["shoot", "--format", "png", "-o", "out", "--resume"])
    assert done.code == 0, done.output
    assert len(list((tmp_path / "out").glob("*.png"))) == 12
    assert {path: path.stat().st_ino for path in pictures} == pictures
    assert list((tmp_path / "out").glob(".*")) == []
    assert {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in shoot.iterdir()} == hashes
