"""Speed of the Blender extension, installed from its zip: photo to avatar, the window's longest wait, memory.

    make extension && python benchmarks/blender_extension.py dist/fsynth-*-linux_x64.zip [--rounds 5] [--cores 2]

Runs in every Blender that the variables FSYNTH_BLENDER_PYTHON* name (tests/morphable/reference/fetch.sh prints them),
each with preferences of its own, and prints a markdown table. The photo is examples/astronaut.jpg.

- "enable": importing and registering the extension, as each start of Blender does.
- "cold": the first avatar, with everything that is imported and loaded for it; "warm": the median of the others; "CPU"
  counts all threads.
- "longest wait": the operator's steps are taken as its timer does in a window, one every 50 ms, by a loop that else
  turns every millisecond; the longest time between two turns, in all rounds but the first. Python's own waiting for the
  work in the background counts, too. "at first" is that of the first avatar.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PHOTO = ROOT / "examples" / "astronaut.jpg"
MODULE = "bl_ext.user_default.fsynth"
TICK_SECONDS = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zip", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cores", type=int, default=2)
    chosen = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: chosen.cores])
    pythons = {value for name, value in os.environ.items() if name.startswith("FSYNTH_BLENDER_PYTHON")}
    if not pythons:
        parser.error("set FSYNTH_BLENDER_PYTHON, see tests/morphable/reference/fetch.sh")
    print(f"{chosen.zip.name}: {chosen.zip.stat().st_size / 1e6:.1f} MB; {chosen.cores} cores")
    columns = (
        "Blender",
        "NumPy",
        "enable ms",
        "cold s",
        "warm s",
        "warm CPU s",
        "longest wait ms",
        "at first",
        "peak MB",
    )
    print(f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}")
    results = [run_in(python, chosen.zip, chosen.rounds) for python in pythons]
    for found in sorted(results, key=lambda found: found["blender"]):
        cold, *warm = found["seconds"]
        first, *waits = found["waits"]
        cells = (
            *(found["blender"], found["numpy"], f"{found['enable'] * 1e3:.0f}", f"{cold:.2f}"),
            *(f"{statistics.median(warm):.2f}", f"{statistics.median(found['cpu'][1:]):.2f}"),
            *(f"{max(waits) * 1e3:.0f}", f"{first * 1e3:.0f}", f"{found['peak'] / 1e6:.0f}"),
        )
        print(f"| {' | '.join(cells)} |")


def run_in(python: str, extension: Path, rounds: int) -> dict[str, Any]:
    """Install the extension for one Blender, and measure in a process of its own."""
    with tempfile.TemporaryDirectory() as resources:
        environment = {"PATH": os.environ["PATH"], "HOME": resources, "BLENDER_USER_RESOURCES": resources}
        files = f"repo='user_default', filepath={str(extension.resolve())!r}"
        install = f"import bpy; bpy.ops.extensions.package_install_files({files})"
        subprocess.run([python, "-E", "-s", "-c", install], env=environment, stdout=subprocess.DEVNULL, check=True)
        report = Path(resources, "report.json")
        this = f"import sys; sys.path.insert(0, {str(ROOT / 'benchmarks')!r}); import blender_extension"
        inside = f"{this}; blender_extension.measure({str(report)!r}, {rounds})"
        subprocess.run([python, "-E", "-s", "-c", inside], env=environment, stdout=subprocess.DEVNULL, check=True)
        return json.loads(report.read_text())


def measure(report: str, rounds: int) -> None:
    """Inside Blender: make avatars, and write what that took."""
    import importlib

    import bpy
    import numpy as np

    bpy.ops.wm.read_factory_settings(use_empty=True)
    started = time.perf_counter()
    module = importlib.import_module(MODULE)
    module.register()
    enable = time.perf_counter() - started
    module.unregister()
    bpy.ops.preferences.addon_enable(module=MODULE)
    run, scene, job, work = (importlib.import_module(f"{MODULE}.{name}") for name in ("run", "scene", "job", "work"))

    seconds, cpu, waits = [], [], []
    for _ in range(1 + rounds):
        bpy.ops.wm.read_homefile(use_empty=True, load_ui=False)
        started_cpu, started = time.process_time(), time.perf_counter()
        turned = started
        going = run.begin(lambda: job.Job(work.Request(PHOTO)), lambda context, made: scene.build(context, made))
        longest, ended, next_tick = 0.0, False, started
        while not ended:
            if time.perf_counter() >= next_tick:
                next_tick = time.perf_counter() + TICK_SECONDS
                ended = going.step(bpy.context)
            time.sleep(0.001)
            now = time.perf_counter()
            longest, turned = max(longest, now - turned), now
        seconds.append(time.perf_counter() - started)
        cpu.append(time.process_time() - started_cpu)
        waits.append(longest)
    Path(report).write_text(
        json.dumps(
            {
                "blender": bpy.app.version_string,
                "numpy": np.__version__,
                "enable": enable,
                "seconds": seconds,
                "cpu": cpu,
                "waits": waits,
                "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            }
        )
    )


if __name__ == "__main__":
    main()
