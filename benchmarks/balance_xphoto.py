"""OpenCV's three white balancers, for ``benchmarks/balance.py``; any Python with opencv-contrib-python and NumPy.

    python benchmarks/balance_xphoto.py in.npz out.npz

in.npz: arrays (H, W, 3) uint8 sRGB under any names. out.npz: for each of them "<name>/<balancer>", likewise.
"""

import sys

import cv2
import numpy as np

BALANCERS = {
    "Learning": cv2.xphoto.createLearningBasedWB,
    "Simple": cv2.xphoto.createSimpleWB,
    "Grayworld": cv2.xphoto.createGrayworldWB,
}


def main() -> None:
    pictures = np.load(sys.argv[1])
    balanced = {}
    for name in pictures.files:
        bgr = np.ascontiguousarray(pictures[name][..., ::-1])
        for balancer, create in BALANCERS.items():
            balanced[f"{name}/{balancer}"] = create().balanceWhite(bgr)[..., ::-1]
    np.savez(sys.argv[2], **balanced)


if __name__ == "__main__":
    main()
