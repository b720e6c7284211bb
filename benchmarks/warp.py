"""Speed of fsynth.warp beside the textbook form and its peers, as a markdown table.

    python benchmarks/warp.py [--rounds 15] [--batch 8] [--size 224]

All contestants run in one process, one after the other in every round; a ratio is the median over rounds of
(textbook / contestant) within the round, so that drifts of a shared machine cancel. Images are (batch, size, size, 3)
float32 with 68 control points and 20 boundary points per image, order 1.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from scipy.interpolate import RBFInterpolator

from fsynth.warp import numpy as warp_numpy
from fsynth.warp import sparse_image_warp

POINTS = 68
BOUNDARY = 6  # on each edge: 20 in all

Array = np.ndarray[Any, np.dtype[Any]]
Contestant = Callable[[], Any]


def textbook_distances(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    squared_a = tf.reduce_sum(tf.square(a), -1)[:, :, None]
    squared_b = tf.reduce_sum(tf.square(b), -1)[:, None, :]
    return tf.sqrt(tf.maximum(squared_a - 2 * tf.matmul(a, b, transpose_b=True) + squared_b, 1e-10))


def textbook_warp(image: tf.Tensor, source: tf.Tensor, dest: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The straightforward form: expanded distances, one solve, boundary points in every sample, four gathers."""
    batch, height, width, channels = image.shape
    edge = np.array([(x, y) for y in np.linspace(0, 1, BOUNDARY) for x in np.linspace(0, 1, BOUNDARY)], np.float32)
    edge = edge[((edge == 0) | (edge == 1)).any(-1)] * np.float32([width - 1, height - 1])
    edge = tf.tile(edge[None], [batch, 1, 1])
    points = tf.concat([dest, edge], 1)
    values = tf.concat([dest - source, tf.zeros_like(edge)], 1)

    affine = tf.concat([points, tf.ones_like(points[..., :1])], -1)
    top = tf.concat([textbook_distances(points, points), affine], 2)
    bottom = tf.concat([tf.transpose(affine, [0, 2, 1]), tf.zeros([batch, 3, 3])], 2)
    solution = tf.linalg.solve(tf.concat([top, bottom], 1), tf.concat([values, tf.zeros([batch, 3, 2])], 1))

    x, y = tf.meshgrid(tf.range(width), tf.range(height))
    grid = tf.cast(tf.reshape(tf.stack([x, y], -1), [1, height * width, 2]), tf.float32)
    queries = tf.tile(grid, [batch, 1, 1])
    flow = tf.matmul(textbook_distances(queries, points), solution[:, :-3])
    flow += tf.matmul(tf.concat([queries, tf.ones_like(queries[..., :1])], -1), solution[:, -3:])

    position = queries - flow
    corner = tf.clip_by_value(tf.floor(position), 0.0, [width - 2.0, height - 2.0])
    fraction = tf.clip_by_value(position - corner, 0.0, 1.0)
    column, row = tf.unstack(tf.cast(corner, tf.int32), axis=-1)
    index = tf.range(batch)[:, None] * height * width + row * width + column
    pixels = tf.reshape(image, [-1, channels])
    right, down = fraction[..., :1], fraction[..., 1:]
    upper = tf.gather(pixels, index) * (1 - right) + tf.gather(pixels, index + 1) * right
    lower = tf.gather(pixels, index + width) * (1 - right) + tf.gather(pixels, index + width + 1) * right
    warped = tf.reshape(upper * (1 - down) + lower * down, image.shape)
    return warped, tf.reshape(flow, [batch, height, width, 2])


def scene(batch: int, size: int, seed: int = 0) -> tuple[Array, Array, Array]:
    """Images and control points: points spread over the inner half, displaced smoothly by about 3 px at 224 px."""
    rng = np.random.default_rng(seed)
    image = rng.uniform(size=(batch, size, size, 3)).astype(np.float32)
    steps = np.arange(POINTS) / POINTS
    spiral = 0.35 * np.sqrt(steps)[:, None] * np.stack([np.cos(steps * 163), np.sin(steps * 163)], -1)
    dest = (0.5 + spiral) * size + rng.normal(0, 0.5, (batch, POINTS, 2))
    bend = rng.normal(0, 1, (batch, 2, 2)) / size
    source = dest + 3 * np.sin((dest - size / 2) @ bend * 3) * size / 224
    return image, source.astype(np.float32), dest.astype(np.float32)


def tensorflow_contestants(image: Array, source: Array, dest: Array, gradient: bool) -> dict[str, Contestant]:
    """Each a call without arguments, traced on its first."""
    tensors = [tf.constant(array) for array in (image, source, dest)]
    constant = dest[:1].repeat(len(dest), 0)
    forms: dict[str, tuple[Callable[..., Any], bool]] = {"textbook, tf.function": (textbook_warp, False)}

    def add(mode: str, stride: int, whole: bool) -> None:
        def warp(image: Any, source: Any, dest: Any) -> Any:
            target = constant if mode == "fixed" else dest
            return sparse_image_warp(
                image, source, target, boundary_points=BOUNDARY, mode=mode, stride=stride, jit_compile=not whole
            )

        name = f"coarse, stride {stride}" if mode == "coarse" else mode
        forms[name + (", all in one XLA function" if whole else ", jit_compile=True")] = (warp, whole)

    for whole in (False, True):
        for mode, stride in (("exact", 4), ("coarse", 2), ("coarse", 4), ("fixed", 4)):
            add(mode, stride, whole)

    def with_gradient(warp: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(arguments)
                loss = tf.reduce_sum(tf.square(warp(*arguments)[0]))
            return tape.gradient(loss, arguments)

        return run

    contestants: dict[str, Contestant] = {}
    for name, (warp, whole) in forms.items():
        compiled = tf.function(with_gradient(warp) if gradient else warp, jit_compile=whole or None)
        contestants[name] = lambda compiled=compiled: compiled(*tensors)  # type: ignore[misc]
    return contestants


def peers(image: Array, source: Array, dest: Array) -> dict[str, Contestant]:
    """NumPy, SciPy, scikit-image and OpenCV, each on one image of the batch."""
    size = image.shape[1]
    first = image[0], source[0], dest[0]
    edge = np.linspace(0, size - 1, BOUNDARY)
    border = np.array([(x, y) for x in edge for y in edge if x in (0, size - 1) or y in (0, size - 1)])
    to, start = np.concatenate([dest[0], border]), np.concatenate([source[0], border])
    grid = np.stack(np.meshgrid(np.arange(size), np.arange(size)), -1).reshape(-1, 2).astype(float)
    contestants: dict[str, Contestant] = {
        "fsynth.warp.numpy, exact": lambda: warp_numpy.sparse_image_warp(*first, boundary_points=BOUNDARY),
        "fsynth.warp.numpy, coarse, stride 4": lambda: warp_numpy.sparse_image_warp(
            *first, boundary_points=BOUNDARY, mode="coarse"
        ),
        "fsynth.warp.numpy, fixed": lambda: warp_numpy.sparse_image_warp(
            *first, boundary_points=BOUNDARY, mode="fixed"
        ),
        "SciPy RBFInterpolator (flow alone)": lambda: RBFInterpolator(to, to - start, kernel="linear", degree=1)(grid),
    }
    try:
        from skimage.transform import ThinPlateSplineTransform, warp
    except ImportError:
        print("scikit-image is not installed: left out.")
    else:

        def thin_plate() -> Array:
            transform = ThinPlateSplineTransform.from_estimate(to, start)
            return np.asarray(warp(image[0], transform, order=1, mode="edge"))

        contestants["scikit-image ThinPlateSplineTransform + warp"] = thin_plate
    try:
        import cv2
    except ImportError:
        print("opencv-python-headless is not installed: left out.")
    else:
        flow = warp_numpy.sparse_image_warp(*first, boundary_points=BOUNDARY)[1]
        maps = grid.reshape(size, size, 2).astype(np.float32) - flow
        contestants["OpenCV remap (sampling alone, the floor)"] = lambda: cv2.remap(
            image[0], maps, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    return contestants


def measure(contestants: dict[str, Contestant], rounds: int) -> dict[str, Array]:
    """Seconds of each call, (rounds,) by name; two calls before the first round trace and warm up."""
    for call in contestants.values():
        call(), call()
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, call in contestants.items():
            start = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - start)
    return {name: np.array(times) for name, times in seconds.items()}


def rows(seconds: dict[str, Array], images: int, reference: Array) -> list[str]:
    return [
        f"| {name} | {np.median(times) / images * 1e3:.2f} | {np.median(reference / (times / images)):.1f} |"
        for name, times in seconds.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--size", type=int, default=224)
    options = parser.parse_args()
    arrays = scene(options.batch, options.size)
    first = textbook_warp(*(tf.constant(array) for array in arrays))[1]
    flow = sparse_image_warp(*arrays, boundary_points=BOUNDARY)[1]
    difference = float(tf.reduce_max(tf.abs(first - flow)))
    print(f"textbook and exact flow differ by {difference:.1e} px at most (float32 rounding of the textbook form)\n")
    for gradient in (False, True):
        contestants = tensorflow_contestants(*arrays, gradient)
        alone = {} if gradient else peers(*arrays)
        seconds = measure({**contestants, **alone}, options.rounds)
        reference = seconds["textbook, tf.function"] / options.batch
        print(
            f"| {'forward + gradient' if gradient else 'forward'} | ms per image | textbook / this |\n"
            "| --- | --- | --- |"
        )
        batched = {name: seconds[name] for name in contestants}
        print("\n".join(rows(batched, options.batch, reference) + rows({n: seconds[n] for n in alone}, 1, reference)))
        print()


if __name__ == "__main__":
    main()
