"""How well the landmarks of ICT-FaceKit are found (appendix B.1), beside its own table, as a markdown table.

    python benchmarks/correspondence.py [--seeds 3]

ICT-FaceKit names the vertices of 68 landmarks. Of those, 26 are the same features of the face as some of FaceMesh's:
the corners and lids of the eyes, the bridge, tip and base of the nose, the chin, and the corners, bows and middles of
the lips. At the wings of the nose, the sides of the upper lip and the brows (of which ICT's head has none) the two
schemes only come near each other: 14 more. Figures are percent of the distance between the outer corners of the eyes.
"""

import argparse
import json
import time

import numpy as np
from head_models import ICT_FOLDER, detect

from fsynth.faces.landmarks import LANDMARKS_65
from fsynth_morphable.correspondence import vote_landmarks
from fsynth_morphable.formats import ict

# Row of ICT-FaceKit's 68 -> point of FaceMesh's 468.
SAME = {36: 33, 37: 160, 38: 158, 39: 133, 40: 153, 41: 144, 42: 362, 43: 385, 44: 387, 45: 263, 46: 373, 47: 380}
SAME |= {27: 168, 30: 4, 33: 2, 8: 152}
SAME |= {48: 61, 50: 37, 51: 0, 52: 267, 54: 291, 57: 17, 60: 78, 62: 13, 64: 308, 66: 14}
NEAR = {31: 98, 35: 327, 49: 40, 53: 270, 17: 70, 18: 63, 19: 105, 20: 66, 21: 107}
NEAR |= {22: 336, 23: 296, 24: 334, 25: 293, 26: 300}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    model = ict.read(ICT_FOLDER)
    mean = model.mean.astype(np.float64)
    table = json.loads((ICT_FOLDER / "FaceXModel" / "vertex_indices.json").read_text())["idx_to_landmark_verts"]
    outer = np.linalg.norm(mean[table[36]] - mean[table[45]])
    row = {int(point): number for number, point in enumerate(LANDMARKS_65)}

    def off(found: np.ndarray, pairs: dict[int, int]) -> float:
        distances = [np.linalg.norm(found[row[point]] - mean[table[number]]) for number, point in pairs.items()]
        return float(100 * np.median(distances) / outer)

    print("| points | seed | median, same 26 | median, all 40 | within 1 % of the seed before | CPU, s |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for points in ("surface", "vertex"):
        before = None
        for seed in range(arguments.seeds):
            started = time.process_time()
            found = vote_landmarks(model, detect, seed=seed, points=points).of(mean)
            seconds = time.process_time() - started
            stable = ""
            if before is not None:
                near = np.linalg.norm(found - before, axis=1) <= 0.01 * outer
                stable = f"{near.sum()} of {len(near)}"
            before = found
            figures = f"{off(found, SAME):.2f} % | {off(found, SAME | NEAR):.2f} % | {stable} | {seconds:.0f}"
            print(f"| {points} | {seed} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
