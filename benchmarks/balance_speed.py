"""How long ``fsynth balance`` takes beside decoding alone, and how much memory, as markdown tables.

    python -m benchmarks.balance_speed                      in the repository's root: 100 photos, 5 GB
    python -m benchmarks.balance_speed --count 12 --jobs 2
    python -m benchmarks.balance_speed --count 12 --memory  peak memory, too, with 1, 2, .. jobs and for fewer photos

Photos: synthetic digital negatives (DNG, 14 bits, with noise) of the example portrait, 6000 x 4000, in several lights.
Decoding alone: rawpy, half size (what finding faces needs) or full size with the as-shot white balance and a JPEG of
the quality that the command writes; the same number of processes, one thread each, which are running and have imported
rawpy before the clock starts. ``fsynth balance`` is timed as a user sees it, from its start to its end. Rounds
alternate between the two; times are medians, and a ratio is the median of those of the rounds. CPU time counts as well,
which other programs on the machine disturb less.
Memory: the largest sum, over the command and its processes, of proportional set sizes (Linux), read ten times a second.
"""

from __future__ import annotations

import argparse
import datetime
import functools
import io
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from tests.sdk.balance.synthetic import Shot, expose, write_dng

from fsynth.balance.temperature import Temperature

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "astronaut.jpg"
WIDTH, HEIGHT = 6000, 4000
LIGHTS = (Temperature(2856, 0.0), Temperature(4300, 0.004), Temperature(5500, 0.003), Temperature(7500, 0.003))
EXPOSURES = (-1.0, -0.5, 0.0)
QUALITY = 95
POLL = 0.1  # seconds


def make_photos(folder: Path, count: int) -> list[Path]:
    """``count`` negatives, a minute apart, in turn in each of ``LIGHTS``; those of one light share their pixels."""
    scene = Image.new("RGB", (WIDTH // 2, HEIGHT // 2), (122, 112, 104))
    portrait = Image.open(EXAMPLE).convert("RGB").resize((HEIGHT // 2, HEIGHT // 2), Image.Resampling.BICUBIC)
    scene.paste(portrait, ((scene.width - portrait.width) // 2, 0))
    pixels, paths = np.asarray(scene), []
    for row, light in enumerate(LIGHTS[:count]):
        shot = Shot(light, EXPOSURES[row % len(EXPOSURES)])
        mosaic = expose(pixels, shot, np.random.default_rng(row))
        for number in range(row, count, len(LIGHTS)):
            taken = datetime.datetime(2026, 6, 1, 12) + datetime.timedelta(minutes=number)
            path = folder / f"photo{number:04}.dng"
            write_dng(path, mosaic, Shot(light, shot.exposure, taken=taken))
            paths.append(path)
    return sorted(paths)


def decode_half(path: Path) -> None:
    import rawpy

    with rawpy.imread(str(path)) as raw:
        raw.postprocess(
            half_size=True,
            output_bps=16,
            output_color=rawpy.ColorSpace.raw,
            gamma=(1, 1),
            no_auto_bright=True,
            user_wb=[1, 1, 1, 1],
        )


def decode_full_and_encode(path: Path) -> None:
    import rawpy

    with rawpy.imread(str(path)) as raw:
        picture = raw.postprocess(use_camera_wb=True, no_auto_bright=True)
    Image.fromarray(picture).save(io.BytesIO(), "JPEG", quality=QUALITY, subsampling="4:4:4")


@dataclass(frozen=True)
class Run:
    """What a run took: seconds, seconds of CPU time, and bytes of memory at its peak (0 if not measured)."""

    seconds: float
    cpu: float
    peak: int = 0


def time_decoding(decode: Callable[[Path], None], photos: list[Path], jobs: int) -> Run:
    """What ``jobs`` processes take to decode all ``photos``, their start not counted."""
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        list(pool.map(functools.partial(_timed, decode), photos[:jobs]))
        started = time.perf_counter()
        cpu = sum(pool.map(functools.partial(_timed, decode), photos))
        return Run(time.perf_counter() - started, cpu)


def _timed(decode: Callable[[Path], None], photo: Path) -> float:
    started = time.process_time()
    decode(photo)
    return time.process_time() - started


def balance(photos: list[Path], options: list[str], jobs: int, *, memory: bool = False) -> Run:
    """Run ``fsynth balance`` on ``photos``."""
    command = [sys.executable, "-m", "fsynth_cli.main", "balance", "--jobs", str(jobs), "--overwrite", *options, "--"]
    command += map(str, photos)
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    peaks: list[int] = []
    if memory:
        threading.Thread(target=_watch, args=(process, peaks), daemon=True).start()
    output, _ = process.communicate()
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise SystemExit(f"fsynth balance ended with {process.returncode}:\n{output}")
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Run(seconds, cpu, max(peaks, default=0))


def _watch(process: subprocess.Popen[str], peaks: list[int]) -> None:
    while process.poll() is None:
        peaks.append(sum(_proportional_size(pid) for pid in _tree(process.pid)))
        time.sleep(POLL)


def _tree(pid: int) -> list[int]:
    """The process and all below it."""
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [pid, *(found for child in children for found in _tree(child))]


def _proportional_size(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has just ended
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def print_speed(photos: list[Path], jobs: int, rounds: int, folder: Path, *, finished: bool) -> None:
    parts = {"XMP sidecars": (decode_half, "half-size decoding", ["--sidecar", "xmp"])}
    if finished:
        options = ["--format", "jpeg", "--output-dir", str(folder / "finished")]
        parts["finished JPEGs"] = (decode_full_and_encode, "full decoding and encoding", options)
    print(f"{len(photos)} photos of {WIDTH * HEIGHT / 1e6:.0f} megapixels, {jobs} jobs, {rounds} rounds\n")
    print("| | s a photo | alone | s a photo | ratio | CPU s a photo | alone | ratio |")
    print("| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |")
    for name, (decode, alone, options) in parts.items():
        pairs = [(balance(photos, options, jobs), time_decoding(decode, photos, jobs)) for _ in range(rounds)]
        cells = []
        for what in ("seconds", "cpu"):
            taken = [(getattr(ours, what) / len(photos), getattr(theirs, what) / len(photos)) for ours, theirs in pairs]
            cells += [f"{statistics.median(column):.3f}" for column in zip(*taken, strict=True)]
            cells.append(f"{statistics.median(first / second for first, second in taken):.2f}")
        print(f"| {' | '.join([name, cells[0], alone, *cells[1:]])} |", flush=True)


def print_memory(photos: list[Path], jobs: int, folder: Path, *, finished: bool) -> None:
    parts = {"sidecars": ["--sidecar", "xmp"]}
    if finished:
        parts["finished JPEGs"] = ["--format", "jpeg", "--output-dir", str(folder / "finished")]
    print(f"\n| jobs | photos | {' | '.join(f'{name}: peak MB' for name in parts)} |")
    print("| ---: | ---: |" + " ---: |" * len(parts))
    for processes in range(1, jobs + 1):
        for part in (photos[: max(processes, len(photos) // 3)], photos):
            peaks = [balance(part, options, processes, memory=True).peak for options in parts.values()]
            print(f"| {processes} | {len(part)} | " + " | ".join(f"{p / 1e6:.0f}" for p in peaks) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100, help="photos (100)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (one for each CPU core)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds (3)")
    parser.add_argument("--only-sidecars", action="store_true", help="leave the finished pictures out")
    parser.add_argument("--memory", action="store_true", help="measure memory, too")
    parser.add_argument("--folder", type=Path, help="where the photos are made (a temporary folder)")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        photos = make_photos(folder, options.count)
        if options.rounds:
            print_speed(photos, options.jobs, options.rounds, folder, finished=not options.only_sidecars)
        if options.memory:
            print_memory(photos, options.jobs, folder, finished=not options.only_sidecars)


if __name__ == "__main__":
    main()
