"""The costly part of preparing, photo by photo: find the face, align, segment, encode. Results are kept on disk.

Each result is a file named by what it was made from: the photo's bytes, its role and the settings. A run that was
stopped therefore goes on where it was, in any order and by any number of processes, and gives the same bytes.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import os
import uuid
import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from fsynth import encoder
from fsynth.errors import FsynthError, NoFaceError, WeightsError
from fsynth.faces import AlignedFace, align, find_faces, read_photo
from fsynth.networks.sessions import open_session
from fsynth_training.dataset.augment_photo import degrade
from fsynth_training.dataset.errors import DatasetError
from fsynth_training.dataset.photo_list import Photo, Role
from fsynth_training.dataset.second_encoder import SecondEncoder

_FORMAT = 1  # goes up when the same photo and settings give another result
_THUMBNAIL = 112  # px


@dataclass(frozen=True)
class StageSettings:
    """What a result depends on besides the photo.

    Attributes:
        encoder: name of the encoder, see ``fsynth.encoder.load``; empty for none, and no features.
        degraded: number of degraded views besides the plain and the mirrored one.
        seed: of the degradations.
        segmentation: the ONNX file of MediaPipe's selfie segmentation, or None for no masks.
        second_encoder: the ONNX file of a second recogniser, see ``SecondEncoder``, or None.
    """

    encoder: str
    degraded: int
    seed: int
    segmentation: Path | None
    second_encoder: Path | None = None

    @functools.cached_property
    def digest(self) -> str:
        """sha256 of the settings and of the networks' files."""
        networks = {"segmentation": self.segmentation, "second_encoder": self.second_encoder}
        content = {name: path.read_bytes() if path else b"" for name, path in networks.items()}
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
        about = asdict(self) | hashes | {"format": _FORMAT}
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def _nothing() -> np.ndarray:
    return np.zeros(0, np.float32)


@dataclass(frozen=True, eq=False)
class Seen:
    """What a photo showed.

    Attributes:
        failure: why it gave nothing, or empty; then the arrays below are of length 0.
        mesh: (468, 3) float32, (x, y, depth) in aligned pixels.
        transform: (2, 3) float64, photo pixels to aligned pixels.
        features: (V, W) float32, of the photo, its mirror image and degraded copies.
        mirrored: (V,) bool.
        second: (2, K) float32, what the second encoder sees of the photo and its mirror image; of length 0 without one.
        image: (224, 224, 3) uint8 sRGB, the aligned face; of length 0 for role "features".
        mask: (224, 224) float16, 0..1, how much of a pixel is person; of length 0 without segmentation.
        thumbnail: a JPEG of a photo that failed though it could be read; else of length 0. uint8.
    """

    failure: str = ""
    mesh: np.ndarray = field(default_factory=_nothing)
    transform: np.ndarray = field(default_factory=_nothing)
    features: np.ndarray = field(default_factory=_nothing)
    mirrored: np.ndarray = field(default_factory=_nothing)
    second: np.ndarray = field(default_factory=_nothing)
    image: np.ndarray = field(default_factory=_nothing)
    mask: np.ndarray = field(default_factory=_nothing)
    thumbnail: np.ndarray = field(default_factory=_nothing)


def look_at(photo: Photo, settings: StageSettings, folder: Path) -> Path:
    """Make the result for ``photo``, unless an earlier run left it.

    Args:
        photo: what to look at.
        settings: how.
        folder: where results are kept.

    Returns:
        The file of the result, for ``load``. A photo that fails has one, too.

    Raises:
        DatasetError: the result can't be written, as on a full disk.
        EngineError, WeightsError: a network can't be opened.
    """
    try:
        content = photo.path.read_bytes()
    except OSError as error:
        failed = f"{photo.path} can't be read ({error.strerror or error})."
        return _keep(Seen(failure=failed), folder / "unread" / f"{hashlib.sha256(failed.encode()).hexdigest()}.npz")
    digest = hashlib.sha256(content).hexdigest()
    key = hashlib.sha256(f"{digest} {photo.role} {settings.digest}".encode()).hexdigest()
    path = folder / key[:2] / f"{key}.npz"
    if path.exists() and _is_whole(path):
        return path
    return _keep(see(photo.path, photo.role, settings, np.random.default_rng([settings.seed, int(digest, 16)])), path)


def see(path: Path, role: Role, settings: StageSettings, rng: np.random.Generator) -> Seen:
    """Find the largest face of the photo ``path``, align it, segment and encode it."""
    network = _encoder(settings.encoder) if settings.encoder else None
    segmentation = None if settings.segmentation is None else _segmentation(settings.segmentation)
    second = None if settings.second_encoder is None else _second_encoder(settings.second_encoder)
    thumbnail = _nothing()
    try:
        photo = read_photo(path)
        faces = find_faces(photo, smallest_share=1)
        if not faces:
            thumbnail = _thumbnail(photo)
            raise NoFaceError("No face was found.")
        aligned = align(photo, faces[0])
        chip = None if network is None else network.crop(photo, faces[0].mesh)
        second_chip = None if second is None else second.crop(photo, faces[0].mesh)
    except FsynthError as error:
        return Seen(failure=str(error), thumbnail=thumbnail)
    except MemoryError:
        return Seen(failure="There is not enough memory for this photo.")
    features = mirrored = embeddings = _nothing()
    if network is not None and chip is not None:
        degraded = [degrade(chip, rng) for _ in range(settings.degraded)]
        features = network.encode(np.stack([chip, chip[:, ::-1], *(image for image, _ in degraded)]))
        mirrored = np.array([False, True, *(flipped for _, flipped in degraded)])
    if second is not None and second_chip is not None:
        embeddings = second.encode(np.stack([second_chip, second_chip[:, ::-1]]))
    wanted = role == "target"
    return Seen(
        mesh=mesh_in_crop(aligned).astype(np.float32),
        transform=aligned.transform,
        features=features,
        mirrored=mirrored,
        second=embeddings,
        image=aligned.image if wanted else _nothing(),
        mask=person_mask(aligned.image, segmentation).astype(np.float16) if wanted and segmentation else _nothing(),
    )


def load(path: Path) -> Seen:
    """The result in ``path``, as ``look_at`` left it."""
    with np.load(path, allow_pickle=False) as data:
        arrays = {name: data[name] for name in data.files}
    return Seen(failure=str(arrays.pop("failure")), **arrays)


def mesh_in_crop(aligned: AlignedFace) -> np.ndarray:
    """The mesh (468, 3) of an aligned face in its pixels; depth in pixels, too."""
    depth = aligned.face.mesh[:, 2:] * np.sqrt(np.linalg.det(aligned.transform[:, :2]))
    return np.concatenate([aligned.to_crop(aligned.face.mesh[:, :2]), depth], axis=1)


def person_mask(image: np.ndarray, segmentation: onnxruntime.InferenceSession) -> np.ndarray:
    """How much of each pixel of ``image`` (224, 224, 3) uint8 is person, (224, 224) float32, 0..1."""
    view = np.asarray(Image.fromarray(image).resize((256, 256), Image.Resampling.BILINEAR), np.float32)
    (mask,) = segmentation.run(None, {"image": view[None] / 255})
    size = (image.shape[1], image.shape[0])
    return np.clip(np.asarray(Image.fromarray(mask[0, :, :, 0]).resize(size, Image.Resampling.BILINEAR)), 0, 1)


@functools.cache
def _encoder(name: str) -> encoder.Encoder:
    return encoder.load(name)


@functools.cache
def _segmentation(path: Path) -> onnxruntime.InferenceSession:
    try:
        session = open_session(path.read_bytes(), threads=1)
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from error
    if [(one.name, one.shape[1:]) for one in session.get_inputs()] != [("image", [256, 256, 3])]:
        raise WeightsError(
            f"{path} is not the selfie segmentation. Make it with python -m fsynth_training.convert.selfie."
        )
    return session


@functools.cache
def _second_encoder(path: Path) -> SecondEncoder:
    return SecondEncoder(path.read_bytes(), str(path))


def _thumbnail(photo: np.ndarray) -> np.ndarray:
    image = Image.fromarray(photo)
    image.thumbnail((_THUMBNAIL, _THUMBNAIL), reducing_gap=3.0)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=80)
    return np.frombuffer(stream.getvalue(), np.uint8)


def _keep(seen: Seen, path: Path) -> Path:
    beside = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("xb") as file:
            np.savez(file, **vars(seen))
        os.replace(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise DatasetError(
            f"{path.parent} can't be written to ({error.strerror or error}). What was done until then is kept; "
            "the same command goes on from there."
        ) from error
    return path


def _is_whole(path: Path) -> bool:
    """Whether a kept result has its end; one that lost it with the machine's power is made again."""
    try:
        with zipfile.ZipFile(path):
            return True
    except (OSError, zipfile.BadZipFile):
        return False
