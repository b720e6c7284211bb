"""The ``fsynth`` command as a user runs it: its own process, the real networks and weights, real files."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from fsynth.decoder.weights_file import DEFAULT

FSYNTH = [sys.executable, "-W", "error", "-m", "fsynth_cli.main"]


def fsynth(arguments: Sequence[object], folder: Path) -> subprocess.CompletedProcess[str]:
    command = [*FSYNTH, *(str(argument) for argument in arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.fixture(scope="module")
def portrait(astronaut: Path) -> Image.Image:
    with Image.open(astronaut) as image:
        return image.convert("RGB")


def test_photo_to_face_landmarks_and_report(astronaut: Path, tmp_path: Path) -> None:
    options = ["--landmarks", "--texture", "--side-by-side", "--report", "page.html"]
    done = fsynth(["normalize", astronaut, "-o", ".", *options], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    with Image.open(tmp_path / "astronaut.normalized.png") as image:
        assert (image.size, image.mode) == ((224, 224), "RGB")
        assert np.asarray(image).std() > 10
    record = json.loads((tmp_path / "astronaut.landmarks.json").read_text())
    left, top, right, bottom = record["detected"]["box"]
    assert left < 225 < right  # where the astronaut's nose is
    assert top < 120 < bottom
    landmarks = np.array(record["normalized"]["landmarks"])
    assert landmarks.min() > 0
    assert landmarks.max() < 223
    assert sorted(os.listdir(tmp_path)) == sorted(
        [
            "page.html",
            *(f"astronaut.{kind}" for kind in ("landmarks.json", "normalized.png", "side-by-side.png", "texture.png")),
        ]
    )


def test_good_photos_of_every_kind(portrait: Image.Image, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    portrait.save(folder / "jpeg.jpg", quality=90)
    portrait.quantize(64).save(folder / "palette.png")
    portrait.convert("L").save(folder / "grey.png")
    portrait.convert("CMYK").save(folder / "cmyk.tif")
    portrait.save(folder / "animated.webp", save_all=True, append_images=[portrait.rotate(90)])
    Image.fromarray(np.asarray(portrait.convert("L"), np.uint16) * 257).save(folder / "deep.png")
    portrait.transpose(Image.Transpose.ROTATE_180).save(folder / "turned.png")
    pair = Image.new("RGB", (1024, 512))
    pair.paste(portrait, (0, 0))
    pair.paste(portrait.transpose(Image.Transpose.FLIP_LEFT_RIGHT), (512, 0))
    pair.save(folder / "pair.png")
    done = fsynth(["normalize", "photos", "-o", "out"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    stems = ["animated", "cmyk", "deep", "grey", "jpeg", "pair", "pair.face2", "palette", "turned"]
    assert sorted(os.listdir(tmp_path / "out")) == sorted(f"{stem}.normalized.png" for stem in stems)


def png_with_size(width: int, height: int) -> bytes:
    """A PNG file that promises a huge picture and has a few bytes of it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    )


def test_bad_photos_have_a_sentence_each_and_the_good_one_its_face(portrait: Image.Image, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    portrait.save(folder / "good.png")
    portrait.save(folder / "whole.jpg")
    whole = (folder / "whole.jpg").read_bytes()
    (folder / "whole.jpg").unlink()
    bad = {
        "empty.jpg": b"",
        "text.jpg": b"This is no photo. " * 50,
        "page.png": b"<!DOCTYPE html><html></html>",
        "truncated.jpg": whole[: len(whole) // 2],
        "header.jpg": whole[:20],
        "scrambled.png": png_with_size(64, 64),
        "bomb.png": png_with_size(60_000, 60_000),
    }
    for name, data in bad.items():
        (folder / name).write_bytes(data)
    Image.new("RGB", (640, 480), (90, 120, 200)).save(folder / "sky.png")
    Image.new("RGB", (1, 1)).save(folder / "dot.png")
    portrait.crop((0, 300, 200, 512)).save(folder / "suit.png")
    portrait.resize((12, 12)).save(folder / "tiny.png")
    names = sorted([*bad, "sky.png", "dot.png", "suit.png", "tiny.png"])

    done = fsynth(["normalize", "photos", "-o", "out", "--report", "out/page.html"], tmp_path)
    assert done.returncode == 3
    assert sorted(os.listdir(tmp_path / "out")) == ["good.normalized.png", "page.html"]
    lines = done.stderr.splitlines()
    assert len(lines) == len(names), done.stderr
    for name, line in zip(names, lines, strict=True):
        assert line.startswith(str(Path("photos", name)))
        assert line.endswith((".", '"'))
    assert "1 face from 1 photo in out" in done.stdout
    assert f"{len(names)} photos failed." in done.stdout


def test_a_device_that_is_not_there(astronaut: Path, tmp_path: Path) -> None:
    providers = onnxruntime.get_available_providers()
    device = "coreml" if "CoreMLExecutionProvider" not in providers else "dml"
    done = fsynth(["normalize", astronaut, "-o", ".", "--device", device], tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: The device '{device}' is not available")
    assert os.listdir(tmp_path) == []


def test_damaged_weights(astronaut: Path, tmp_path: Path) -> None:
    damaged = bytearray(DEFAULT.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / "weights.onnx").write_bytes(damaged)
    (tmp_path / "weights.onnx.sha256").write_bytes(DEFAULT.with_name(f"{DEFAULT.name}.sha256").read_bytes())
    done = fsynth(["normalize", astronaut, "-o", "out", "--weights", "weights.onnx"], tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: weights.onnx ")
    assert "weights.onnx is damaged: its sha256" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [None, b"", b"no weights"])
def test_a_file_that_is_no_weights(astronaut: Path, tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "weights.onnx").write_bytes(content)
    done = fsynth(["normalize", astronaut, "-o", "out", "--weights", "weights.onnx"], tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert "weights.onnx" in done.stderr
    assert not (tmp_path / "out").exists()


POSIX_ONLY = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals, signals and such names are POSIX's")


@POSIX_ONLY
def test_progress_bar_on_a_terminal(portrait: Image.Image, tmp_path: Path) -> None:
    import pty

    for number in range(3):
        portrait.save(tmp_path / f"{number}.jpg")
    terminal, stderr = pty.openpty()
    with subprocess.Popen([*FSYNTH, "normalize", "."], cwd=tmp_path, stdout=subprocess.PIPE, stderr=stderr) as process:
        os.close(stderr)
        shown = b""
        with contextlib.suppress(OSError):  # the other end is closed when the process ends
            while chunk := os.read(terminal, 4096):
                shown += chunk
        os.close(terminal)
        assert process.stdout is not None
        assert process.stdout.read().startswith(b"3 faces from 3 photos beside the photos, in ")
    assert process.returncode == 0
    assert b"Normalizing" in shown
    assert b"3/3" in shown


@POSIX_ONLY
def test_names_that_are_no_text(astronaut: Path, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/in\xff"))
    folder.mkdir()
    (folder / os.fsdecode(b"face\xfe.jpg")).write_bytes(astronaut.read_bytes())
    (folder / os.fsdecode(b"none\xfe.jpg")).write_bytes(b"")
    done = fsynth(["normalize", folder, "-o", folder, "--landmarks", "--report", folder / "page.html"], tmp_path)
    assert done.returncode == 3
    assert "is empty (0 bytes)." in done.stderr
    results = {b"face\xfe.normalized.png", b"face\xfe.landmarks.json", b"page.html"}
    assert results < set(os.listdir(os.fsencode(folder)))


@POSIX_ONLY
def test_interrupted_run_leaves_whole_files_only(portrait: Image.Image, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for number in range(150):
        portrait.save(tmp_path / "photos" / f"{number:03}.jpg")
    command = [*FSYNTH, "normalize", "photos", "-o", "out", "--side-by-side", "--report", "out/page.html"]
    out = tmp_path / "out"
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not (out / "001.normalized.png").exists():
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert stderr == ""
    assert "Stopped; " in stdout
    written = sorted(os.listdir(out))
    assert 0 < len(written) < 300
    for name in written:
        assert name.endswith((".normalized.png", ".side-by-side.png"))
        with Image.open(out / name) as image:
            image.load()
