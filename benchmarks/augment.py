"""Cost of augmentation beside its peers, as markdown tables.

    python benchmarks/augment.py [--rounds 31] [--dataset FOLDER] [--counts 1000 10000 --workers 2] [--spread 100000]

1. How far composites are from a direct sparse least-squares solution of Eq. 3 that never forms the normal equations.
2. Compositing one 224 x 224 image, the mask fixed, beside OpenCV's seamlessClone, on one thread. All contestants run in
   one process, one after the other in every round; a ratio is the median over rounds of (seamlessClone / contestant)
   within the round, of seconds of CPU, so that a busy machine matters little. Images go in and come out as uint8.
3. What a finished morph costs, by its parts, and whether that depends on its number (--spread).
4. Runs of ``fsynth train augment`` without features (--counts), from the start of the processes to the last shard:
   morphs/s, and milliseconds of CPU for each.

Without --dataset, 400 random smooth textures stand for faces; cost does not depend on what is in them.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np
from scipy import ndimage, sparse
from scipy.sparse.linalg import spsolve

from fsynth.faces import LANDMARKS_65
from fsynth.warp.numpy import sparse_image_warp
from fsynth_training.augment import morphs
from fsynth_training.augment.compositing import Compositor, blending_mask, differences_and_weights
from fsynth_training.augment.config import AugmentConfig
from fsynth_training.augment.records import import_tensorflow, make_record
from fsynth_training.augment.shards import SOURCE, make_shards
from fsynth_training.augment.source import MorphSource, prepare
from fsynth_training.dataset.store import Dataset

CONFIG = AugmentConfig(features=False)
SIZE = 224


def random_dataset(people: int = 400) -> Dataset:
    rng = np.random.default_rng(0)
    steps = np.arange(468) / 468
    spiral = 0.32 * np.sqrt(steps + 0.01)[:, None] * np.stack([np.cos(steps * 163), np.sin(steps * 163)], -1)
    mesh = ((0.5 + spiral) * SIZE).astype(np.float32)
    mean = mesh[LANDMARKS_65]
    noise = rng.normal(size=(people, 56, 56, 3)).astype(np.float32)
    smooth = ndimage.gaussian_filter(noise, (0, 3, 3, 0)).repeat(4, 1).repeat(4, 2)
    owner = np.arange(people, dtype=np.int32)
    bend = rng.normal(0, 0.02, (people, 2, 2))
    return Dataset(
        textures=np.clip(128 + 600 * smooth + rng.normal(0, 4, smooth.shape), 0, 255).astype(np.uint8),
        mattes=np.full((people, SIZE, SIZE), 255, np.uint8),
        landmarks=(mean + np.einsum("nij,lj->nli", bend, mean - SIZE / 2)).astype(np.float32),
        target_identity=owner,
        target_features=np.ones((people, 4), np.float32),
        features=np.ones((people, 1, 4), np.float32),
        photo_identity=owner,
        photo_target=owner,
        view_mirrored=np.zeros((people, 1), bool),
        validation=np.zeros(people, bool),
        mean_landmarks=mean,
        mean_mesh=mesh,
        backgrounds=np.zeros((0, SIZE, SIZE, 3), np.uint8),
    )


def direct_solution(mask: np.ndarray, face: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Least squares of Eq. 3 by the augmented system [I J; J' 0], for one channel."""
    differences, weights = differences_and_weights(mask)
    rows = sparse.vstack([differences, sparse.diags_array(mask.ravel())]).tocsr()
    gradients = weights * (differences @ face.ravel()) + (1 - weights) * (differences @ background.ravel())
    right = np.concatenate([gradients, (mask * face).ravel()])
    system = sparse.block_array([[sparse.eye_array(len(right)), rows], [rows.T, None]]).tocsc()
    solution = spsolve(system, np.concatenate([right, np.zeros(mask.size)]))
    return np.asarray(solution[len(right) :]).reshape(mask.shape)


def accuracy(source: MorphSource, compositor: Compositor) -> None:
    worst = {"factored once": 0.0, "from kept parts (float32)": 0.0}
    for index in range(3):
        morph = morphs.draw(source, index)
        a, b, around = (source.dataset.textures[row] / 255 for row in (morph.face, morph.neighbour, morph.surround))
        face = a + morph.texture_weight * (b - a)
        direct = direct_solution(compositor.mask, face[..., 0], around[..., 0])
        composites = compositor.composite(face, around), morphs.composite_texture(source, morph)
        for name, composite in zip(worst, composites, strict=True):
            worst[name] = max(worst[name], float(np.abs(composite[..., 0] - direct).max()))
    print("| Eq. 3 | largest difference to a direct sparse least-squares solution, of 0..1 |\n| --- | --- |")
    print("\n".join(f"| {name} | {value:.1e} |" for name, value in worst.items()), "\n")


def compositing(source: MorphSource, compositor: Compositor, rounds: int) -> None:
    cv2.setNumThreads(1)
    morph = morphs.draw(source, 0)
    textures = source.dataset.textures
    a, b, around = (np.array(textures[row]) for row in (morph.face, morph.neighbour, morph.surround))
    share = morph.texture_weight
    face = cv2.addWeighted(a, 1 - share, b, share, 0)

    def clone(mask: np.ndarray) -> Callable[[], np.ndarray]:
        """The mask's place is kept: seamlessClone wants the middle of its bounding box."""
        binary = (mask * 255).astype(np.uint8)
        x, y, width, height = cv2.boundingRect(binary)
        middle = (x + width // 2, y + height // 2)
        return lambda: cv2.seamlessClone(face, around, binary, middle, cv2.NORMAL_CLONE)

    def one_off() -> np.ndarray:
        solved = compositor.composite(face / 255.0, around / 255.0)
        return (np.clip(solved, 0, 1) * 255 + 0.5).astype(np.uint8)

    contestants: dict[str, Callable[[], np.ndarray]] = {
        "OpenCV seamlessClone, where the mask is above a half": clone(compositor.mask > 0.5),
        "OpenCV seamlessClone, where the mask is above 0": clone(compositor.mask > 1 / 255),
        "fsynth, from kept parts, blending A and B included": lambda: morphs.to_bytes(
            morphs.composite_texture(source, morph)
        ),
        "fsynth, one pair of images not seen before": one_off,
        "SciPy spsolve for each image": lambda: spsolve(compositor.system, np.ones((SIZE * SIZE, 3))),
    }
    seconds = measure(contestants, rounds)
    reference = next(iter(seconds.values()))
    print("| compositing | ms of CPU per image | seamlessClone / this |\n| --- | --- | --- |")
    for name, times in seconds.items():
        print(f"| {name} | {np.median(times) * 1e3:.2f} | {np.median(reference / times):.2f} |")
    print()


def parts(source: MorphSource, rounds: int) -> None:
    morph = morphs.draw(source, 0)
    face = morphs.morphed_face(source, 0)
    data = source.dataset
    flat = morphs.on_background(face.texture, face.matte, np.float32(204))
    contestants: dict[str, Callable[[], object]] = {
        "a finished record": lambda: make_record(source, 0),
        "morph and composite": lambda: morphs.to_bytes(morphs.composite_texture(source, morph)),
        "warp": lambda: sparse_image_warp(flat, data.mean_landmarks, face.landmarks),
        "the face without its files": lambda: morphs.morphed_face(source, 0),
    }
    seconds = measure(contestants, rounds)
    print("| one morph, on one thread | ms of CPU |\n| --- | --- |")
    for name, times in seconds.items():
        print(f"| {name} | {np.median(times) * 1e3:.1f} |")
    print()


def spread(source: MorphSource, count: int) -> None:
    """Morphs from the start, the middle and the end of ``count``, taking turns."""
    starts = {"first": 0, "middle": count // 2, "last": count - 200}
    seconds: dict[str, list[float]] = {name: [] for name in starts}
    for offset in range(200):
        for name, start in starts.items():
            began = time.process_time()
            make_record(source, start + offset)
            seconds[name].append(time.process_time() - began)
    print(f"| 200 morphs of {count} | ms of CPU for each |\n| --- | --- |")
    print("\n".join(f"| {name} | {np.mean(times) * 1e3:.1f} |" for name, times in seconds.items()), "\n")


def runs(dataset: Path, counts: list[int], workers: int, folder: Path) -> None:
    print(f"| morphs, {workers} processes | seconds | morphs/s | ms of CPU for each | load of the machine |")
    print("| --- | --- | --- | --- | --- |")
    import_tensorflow()
    for count in counts:
        # Once a dataset, whatever the count, and measured above.
        prepare(Dataset.open(dataset), CONFIG, folder / str(count) / SOURCE)
        began, busy = time.monotonic(), _busy()
        make_shards(dataset, folder / str(count), count, CONFIG, workers=workers)
        seconds, busy = time.monotonic() - began, _busy() - busy
        load = os.getloadavg()[0]
        print(f"| {count} | {seconds:.1f} | {count / seconds:.1f} | {busy / count * 1e3:.1f} | {load:.1f} |")
    print()


def measure(contestants: dict[str, Callable[[], object]], rounds: int) -> dict[str, np.ndarray]:
    """Seconds of CPU of each call, (rounds,) by name; all run on one thread."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for call in contestants.values():
        call()
    for _ in range(rounds):
        for name, call in contestants.items():
            began = time.process_time()
            call()
            seconds[name].append(time.process_time() - began)
    return {name: np.array(times) for name, times in seconds.items()}


def _busy() -> float:
    """Seconds of CPU of this process and of those that have ended below it."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--dataset", type=Path)
    parser.add_argument("--counts", type=int, nargs="*", default=[])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--spread", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.dataset or Path(temporary) / "dataset"
        if options.dataset is None:
            random_dataset().write(folder)
        dataset = Dataset.open(folder)
        began, busy = time.monotonic(), _busy()
        source = prepare(dataset, CONFIG, Path(temporary) / "source")
        print(
            f"neighbours and parts of {len(source.rows)} textures, once for a dataset: "
            f"{time.monotonic() - began:.1f} s, {_busy() - busy:.1f} s of CPU\n"
        )
        compositor = Compositor(blending_mask(dataset.mean_landmarks, dataset.image_size, CONFIG.mask_sigma))
        accuracy(source, compositor)
        compositing(source, compositor, options.rounds)
        parts(source, options.rounds)
        spread(source, options.spread)
        if options.counts:
            runs(folder, options.counts, options.workers, Path(temporary) / "shards")


if __name__ == "__main__":
    main()
