"""Speed of a photo's way to a normalized face, stage by stage, and of cold starts, as markdown tables.

    python benchmarks/normalize.py [--rounds 15] [--cold-rounds 7] [--cores 2]

ONNX Runtime on the CPU. The photo is a JPEG of 4000 x 3000 pixels made from examples/astronaut.jpg: the portrait,
enlarged, in a canvas of smooth noise. Figures are medians over rounds; the stages run one after the other in every
round, so that drifts of a shared machine meet all of them alike. Cold starts are processes of their own, taken in turn.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from PIL import Image

import fsynth
from fsynth.encoder import encode_both_sides
from fsynth.faces import align, find_faces, read_photo
from fsynth.warp import numpy as numpy_warp

PORTRAIT = Path(__file__).parents[1] / "examples" / "astronaut.jpg"
SIZE = 4000, 3000
# Width and height of the portrait in the photo; its face is 0.27 of that.
PORTRAITS = {"half-length portrait": 2048, "group photo's face": 512}
# Seconds that each may take on two cores.
TARGETS = {
    "features to image": 0.040,
    "import fsynth": 0.15,
    "fsynth --help": 0.3,
    "fsynth normalize PHOTO": 2.5,
}


def write_photo(path: Path, portrait_size: int) -> None:
    """A JPEG as a camera writes it: noise at every scale around and on the portrait, quality 92, 4:2:0."""
    rng = np.random.default_rng(0)
    width, height = SIZE
    canvas = np.zeros((height, width, 3), np.float32)
    for cells, strength in ((6, 60), (40, 25), (300, 10)):
        noise = rng.uniform(0, 255, (cells * 3 // 4, cells, 3)).astype(np.uint8)
        smooth = Image.fromarray(noise).resize(SIZE, Image.Resampling.BICUBIC)
        canvas += strength / 127.5 * (np.asarray(smooth, np.float32) - 127.5)
    canvas += 120
    with Image.open(PORTRAIT) as portrait:
        large = portrait.convert("RGB").resize((portrait_size, portrait_size), Image.Resampling.LANCZOS)
    left, top = (width - portrait_size) // 2, (height - portrait_size) // 2
    canvas[top : top + portrait_size, left : left + portrait_size] = np.asarray(large)
    canvas += rng.normal(0, 3, (height, width, 1))
    Image.fromarray(np.clip(canvas, 0, 255).astype(np.uint8)).save(path, quality=92, subsampling="4:2:0")


class Clock:
    """Collects the seconds of named stages."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}

    def time(self, name: str, call: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = call()
        self.seconds.setdefault(name, []).append(time.perf_counter() - start)
        return result

    def median(self, name: str) -> float:
        return statistics.median(self.seconds[name])


def time_stages(normalizer: fsynth.Normalizer, path: Path, clock: Clock) -> None:
    """One round: the whole call, and its stages one by one."""
    clock.time("whole", lambda: normalizer(path))
    engine = normalizer.engine
    assert engine.encoder is not None
    encoder = engine.encoder
    photo = clock.time("read: JPEG to sRGB array", lambda: read_photo(path))
    face = clock.time("find: the largest face and its mesh", lambda: find_faces(photo, smallest_share=1.0)[0])
    clock.time("align: 224 x 224 crop", lambda: align(photo, face))
    chip = clock.time("crop: the encoder's chip", lambda: encoder.crop(photo, face.mesh))
    features = clock.time("encode: chip and mirror image to features", lambda: encode_both_sides(engine, chip[None]))
    decoded = clock.time("features to image", lambda: engine.decode(features))
    mean = np.broadcast_to(engine.card.mean_landmarks, decoded.landmarks.shape)
    mode = engine.card.settings.warp
    clock.time("warp", lambda: numpy_warp.sparse_image_warp(decoded.textures, mean, decoded.landmarks, mode=mode))


def stage_rows(clock: Clock) -> list[str]:
    whole, decode, warp = (clock.median(name) for name in ("whole", "features to image", "warp"))
    stages = {name: clock.median(name) for name in clock.seconds if name not in ("whole", "features to image", "warp")}
    stages["decode: features to texture and landmarks"] = decode - warp
    stages["warp: texture to image"] = warp
    rows = [f"| {name} | {value * 1e3:.1f} | {value / whole:.0%} |" for name, value in stages.items()]
    return [*rows, f"| **photo to face** | **{whole * 1e3:.1f}** | |"]


def cold_commands(photo: Path, folder: Path) -> dict[str, list[str]]:
    # The script that pip writes for [project.scripts] holds these two lines.
    script = "import sys; from fsynth_cli.main import main; sys.exit(main(prog_name='fsynth'))"
    out = str(folder / "faces")
    return {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import fsynth": [sys.executable, "-c", "import fsynth"],
        "fsynth --help": [sys.executable, "-c", script, "--help"],
        "fsynth normalize PHOTO": [sys.executable, "-c", script, "normalize", str(photo), "-o", out, "--overwrite"],
    }


def time_cold_starts(photo: Path, folder: Path, rounds: int) -> Clock:
    clock = Clock()
    runs = {
        name: partial(subprocess.run, command, check=True, capture_output=True)
        for name, command in cold_commands(photo, folder).items()
    }
    for run in runs.values():  # bytecode and the disk's cache
        run()
    for _ in range(rounds):
        for name, run in runs.items():
            clock.time(name, run)
    return clock


def compared(name: str, seconds: float) -> str:
    """The cells "target" and "met" of a row."""
    target = TARGETS[name]
    return f"{target * 1e3:.0f} | {'yes' if seconds <= target else 'no'}"


def hold_to(cores: int) -> int:
    """Keep this process and its children to so many cores, where the system can; the number that it may use."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--cold-rounds", type=int, default=7)
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args()
    cores = hold_to(options.cores)
    normalizer = fsynth.load()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(
        f"fsynth {fsynth.__version__}, ONNX Runtime {onnxruntime.__version__}, Python {platform.python_version()}, "
        f"{platform.machine()}, {cores} cores{load} before the start. Medians of {options.rounds} rounds, cold starts "
        f"of {options.cold_rounds}.\n"
    )
    decode_times = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for title, size in PORTRAITS.items():
            photo = folder / f"{size}.jpg"
            write_photo(photo, size)
            time_stages(normalizer, photo, Clock())  # warm
            clock = Clock()
            for _ in range(options.rounds):
                time_stages(normalizer, photo, clock)
            decode_times.append(clock.median("features to image"))
            megapixels, megabytes = SIZE[0] * SIZE[1] / 1e6, photo.stat().st_size / 1e6
            width = np.ptp(find_faces(read_photo(photo))[0].box[::2])
            print(f"A {title}, {width:.0f} px wide, in a JPEG of {megapixels:.0f} megapixels, {megabytes:.1f} MB:\n")
            print("| stage | ms | share |\n| --- | ---: | ---: |")
            print("\n".join(stage_rows(clock)) + "\n")
        cold = time_cold_starts(folder / f"{next(iter(PORTRAITS.values()))}.jpg", folder, options.cold_rounds)
    print("| | ms | target | met |\n| --- | ---: | ---: | --- |")
    decode = statistics.median(decode_times)
    print(f"| features to image, warm | {decode * 1e3:.1f} | {compared('features to image', decode)} |")
    print(f"| an empty Python process, for comparison | {cold.median('python -c pass') * 1e3:.0f} | | |")
    for start in ("import fsynth", "fsynth --help", "fsynth normalize PHOTO"):
        print(
            f"| {start}, cold, with Python's start | {cold.median(start) * 1e3:.0f} | "
            f"{compared(start, cold.median(start))} |"
        )


if __name__ == "__main__":
    main()
