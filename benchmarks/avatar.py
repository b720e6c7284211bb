"""Speed of the way from a normalized face to a head, stage by stage, and of `fsynth avatar`, as markdown tables.

    python benchmarks/avatar.py [--rounds 15] [--cold-rounds 5] [--cores 2] [--model fsynth]

The face is that of examples/astronaut.jpg. Figures are medians over rounds; the stages run one after the other in every
round. CPU time is that of all threads, of cold starts that of the whole process. "First" is the first round, which
builds what is kept for all heads of a model: its texture layout, its colour basis on the surface.
"""

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import fsynth
from fsynth_morphable.bake import bake
from fsynth_morphable.create import make_head, shape_keys
from fsynth_morphable.landmarks import COUNT
from fsynth_morphable.look import View, find_look
from fsynth_morphable.model import MorphableModel
from fsynth_morphable.models import load
from fsynth_morphable.shape_fit import fit_shape
from fsynth_morphable.texture_fit import fit_texture

PHOTO = Path(__file__).parents[1] / "examples" / "astronaut.jpg"
# Seconds that each may take on two cores.
TARGETS = {"shape fit": 0.008, "texture fit, with visibility": 0.150, "bake 1024 px": 0.400, "fsynth avatar": 4.0}


class Clock:
    """Collects wall and CPU seconds of named stages."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[tuple[float, float]]] = {}

    def time(self, name: str, call: Callable[[], Any]) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        result = call()
        self.seconds.setdefault(name, []).append((time.perf_counter() - wall, time.process_time() - cpu))
        return result

    def row(self, name: str) -> str:
        walls, cpus = zip(*self.seconds[name], strict=True)
        wall, cpu = statistics.median(walls), statistics.median(cpus)
        target = f"{TARGETS[name] * 1e3:.0f}" if name in TARGETS else ""
        return f"| {name} | {wall * 1e3:.1f} | {cpu * 1e3:.1f} | {walls[0] * 1e3:.0f} | {target} |"


def time_stages(model: MorphableModel, face: fsynth.NormalizedFace, clock: Clock) -> None:
    image, landmarks = face.image, face.landmarks
    assert len(landmarks) == COUNT
    shape = clock.time("shape fit", lambda: fit_shape(model, landmarks))
    vertices = model.vertices(shape.identity, shape.expression)
    view = View(image, vertices, model.landmark_positions(shape.identity, shape.expression), shape.camera)
    look = clock.time("look: eyes, hair and hairline", lambda: find_look(model, view))
    colours = clock.time(
        "texture fit, with visibility",
        lambda: fit_texture(model, vertices, shape.camera, image, landmarks, hidden=look.hidden),
    )
    clock.time("bake 1024 px", lambda: bake(model, vertices, colours, image, look))
    clock.time("bake 2048 px", lambda: bake(model, vertices, colours, image, look, size=2048))
    clock.time("shape keys", lambda: shape_keys(model))
    head = clock.time("whole: make_head", lambda: make_head(image, landmarks, model=model))
    with tempfile.TemporaryDirectory() as folder:
        clock.time("save .glb", lambda: head.save(Path(folder) / "head.glb"))


def time_cold(rounds: int, model: str) -> Clock:
    """Processes of their own; the children's CPU seconds."""
    clock = Clock()
    script = "import sys; from fsynth_cli.main import main; sys.exit(main(prog_name='fsynth'))"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", script, "avatar", str(PHOTO), "-o", f"{folder}/head.glb", "--overwrite"]
        command += ["--model", model]
        subprocess.run(command, check=True, capture_output=True)  # bytecode and the disk's cache
        for _ in range(rounds):
            wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            clock.seconds.setdefault("fsynth avatar", []).append((time.perf_counter() - wall, cpu))
    return clock


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--cold-rounds", type=int, default=5)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--model", default="fsynth")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.cores])
    model, face = load(options.model), fsynth.load()(PHOTO)
    size = f"{len(model.vertices())} vertices, {len(model.identity)} identities, {len(model.expression)} expressions"
    load_average = f", load {os.getloadavg()[0]:.1f} before the start" if hasattr(os, "getloadavg") else ""
    print(
        f"Model {model.name}: {size}. NumPy {np.__version__}, Python {platform.python_version()}, "
        f"{platform.machine()}, {options.cores} cores{load_average}. Medians of {options.rounds} rounds, cold starts "
        f"of {options.cold_rounds}.\n"
    )
    clock = Clock()
    for _ in range(options.rounds):
        time_stages(model, face, clock)
    print("| warm | ms | CPU ms | first, ms | target, ms |\n| --- | ---: | ---: | ---: | ---: |")
    print("\n".join(clock.row(name) for name in clock.seconds))
    cold = time_cold(options.cold_rounds, options.model)
    print("\n| cold, with Python's start | ms | CPU ms | first, ms | target, ms |\n| --- | ---: | ---: | ---: | ---: |")
    print(cold.row("fsynth avatar"))


if __name__ == "__main__":
    main()
