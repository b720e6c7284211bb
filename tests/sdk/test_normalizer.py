from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fsynth import NormalizedFace, Normalizer, find_faces, read_photo
from fsynth.errors import ArgumentError, NoFaceError, PhotoError
from fsynth.faces import EYE_TARGETS, eye_centres


@pytest.fixture(scope="module")
def portrait(astronaut: Path) -> np.ndarray:
    return read_photo(astronaut)


@pytest.fixture(scope="module")
def normalized(normalizer: Normalizer, portrait: np.ndarray) -> NormalizedFace:
    return normalizer(portrait)


@pytest.fixture(scope="module")
def faceless() -> np.ndarray:
    """(96, 128, 3) uint8: a sky over a meadow."""
    photo = np.zeros((96, 128, 3), np.uint8)
    photo[:48], photo[48:] = (120, 160, 220), (70, 130, 60)
    return photo


def assert_same(one: NormalizedFace, other: NormalizedFace) -> None:
    """Equal but for float rounding, which may differ with the size of a batch."""
    np.testing.assert_allclose(one.features, other.features, atol=1e-4)
    np.testing.assert_allclose(one.landmarks, other.landmarks, atol=1e-3)
    for a, b in ((one.image, other.image), (one.texture, other.texture), (one.aligned.image, other.aligned.image)):
        np.testing.assert_allclose(a.astype(int), b.astype(int), atol=1)


def test_shapes_types_and_ranges(normalized: NormalizedFace) -> None:
    for image in (normalized.image, normalized.texture, normalized.aligned.image):
        assert image.shape == (224, 224, 3)
        assert image.dtype == np.uint8
        assert np.ptp(image) > 100
    assert normalized.landmarks.shape == (65, 2)
    assert normalized.landmarks.dtype == np.float32
    assert normalized.landmarks.min() > 0
    assert normalized.landmarks.max() < 223
    assert normalized.features.shape == (1024,)
    assert normalized.features.dtype == np.float32
    assert normalized.features.min() >= 0


def test_path_pillow_image_and_array_are_the_same_photo(
    normalizer: Normalizer, normalized: NormalizedFace, astronaut: Path
) -> None:
    with Image.open(astronaut) as image:
        results = [normalizer(astronaut), normalizer(str(astronaut)), normalizer(image)]

    for result in results:
        np.testing.assert_array_equal(result.image, normalized.image)
        np.testing.assert_array_equal(result.features, normalized.features)
        np.testing.assert_array_equal(result.aligned.transform, normalized.aligned.transform)


def test_photo_is_not_changed(normalizer: Normalizer, portrait: np.ndarray) -> None:
    photo = portrait.copy()

    normalizer(photo)

    np.testing.assert_array_equal(photo, portrait)


def test_aligned_face_maps_back_to_the_photo(normalized: NormalizedFace, portrait: np.ndarray) -> None:
    aligned = normalized.aligned
    eyes = aligned.to_photo(EYE_TARGETS)
    points = np.stack(np.meshgrid(np.arange(60, 165, 7), np.arange(60, 165, 7)), -1).reshape(-1, 2)
    places = aligned.to_photo(points).round().astype(int)
    difference = aligned.image[points[:, 1], points[:, 0]].astype(float) - portrait[places[:, 1], places[:, 0]]

    np.testing.assert_allclose(eyes, eye_centres(aligned.face.mesh), atol=1e-3)
    assert np.abs(difference).mean() < 8  # the place is rounded to a whole pixel
    np.testing.assert_allclose(aligned.to_crop(aligned.to_photo(points)), points, atol=1e-6)


def canvas_with_two_faces(portrait: np.ndarray, large_first: bool) -> np.ndarray:
    """(512, 800, 3): the portrait at full size and at half size, beside each other."""
    small = np.asarray(Image.fromarray(portrait).resize((256, 256), Image.Resampling.LANCZOS))
    canvas = np.full((512, 800, 3), 128, np.uint8)
    left, right = (slice(0, 512), slice(530, 786)) if large_first else (slice(274, 786), slice(0, 256))
    canvas[:, left], canvas[100:356, right] = portrait, small
    return canvas


@pytest.mark.parametrize("large_first", [True, False])
def test_largest_face_is_taken(
    normalizer: Normalizer, normalized: NormalizedFace, portrait: np.ndarray, large_first: bool
) -> None:
    result = normalizer(canvas_with_two_faces(portrait, large_first))

    shift = 0 if large_first else 274
    np.testing.assert_allclose(result.aligned.face.box - normalized.aligned.face.box, [shift, 0, shift, 0], atol=4)


def test_all_gives_every_face_largest_first(normalizer: Normalizer, portrait: np.ndarray) -> None:
    canvas = canvas_with_two_faces(portrait, large_first=False)

    faces = normalizer.all(canvas)

    boxes = [face.aligned.face.box for face in faces]
    assert len(boxes) == len(find_faces(canvas)) == 2
    assert boxes[0][0] > boxes[1][0]
    assert np.prod(boxes[0][2:] - boxes[0][:2]) > 3 * np.prod(boxes[1][2:] - boxes[1][:2])
    assert_same(faces[0], normalizer(canvas))
    likeness = faces[0].features @ faces[1].features
    assert likeness > 0.8 * np.linalg.norm(faces[0].features) * np.linalg.norm(faces[1].features)


def test_all_of_a_photo_with_more_faces_than_a_batch(normalizer: Normalizer, portrait: np.ndarray) -> None:
    small = np.asarray(Image.fromarray(portrait).resize((192, 192), Image.Resampling.LANCZOS))

    faces = normalizer.all(np.tile(small, (3, 3, 1)))

    assert len(faces) == 9
    for face in faces[1:]:
        likeness = face.features @ faces[0].features
        assert likeness > 0.9 * np.linalg.norm(face.features) * np.linalg.norm(faces[0].features)


def test_all_of_a_photo_without_a_face_is_empty(normalizer: Normalizer, faceless: np.ndarray) -> None:
    assert normalizer.all(faceless) == []


def test_photo_without_a_face_is_named(normalizer: Normalizer, faceless: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "meadow.png"
    Image.fromarray(faceless).save(path)

    for photo in (path, str(path), Image.open(path)):
        with pytest.raises(NoFaceError, match=r"meadow\.png"):
            normalizer(photo)
    with pytest.raises(NoFaceError, match="No face was found in the photo"):
        normalizer(faceless)


def test_stream_keeps_the_order(normalizer: Normalizer, portrait: np.ndarray) -> None:
    photos = [
        np.ascontiguousarray(photo) for photo in (portrait, portrait[:, ::-1], portrait[:400], portrait[20:, 20:])
    ]

    streamed = list(normalizer.stream(photos, batch_size=3))

    assert len(streamed) == 4
    for photo, face in zip(photos, streamed, strict=True):
        assert isinstance(face, NormalizedFace)
        assert_same(face, normalizer(photo))


def test_stream_gives_errors_in_their_places(
    normalizer: Normalizer, normalized: NormalizedFace, portrait: np.ndarray, faceless: np.ndarray, tmp_path: Path
) -> None:
    absent, text = tmp_path / "absent.jpg", tmp_path / "notes.jpg"
    text.write_text("not a photo")
    photos = [absent, portrait, faceless, text, portrait, None, portrait.astype(float)]

    results = list(normalizer.stream(photos, batch_size=4, errors="yield"))

    kinds = [PhotoError, NormalizedFace, NoFaceError, PhotoError, NormalizedFace, ArgumentError, ArgumentError]
    assert [type(result) for result in results] == kinds
    assert str(absent) in str(results[0])
    assert str(text) in str(results[3])
    assert_same(results[1], normalized)
    assert_same(results[4], normalized)


def test_stream_of_nothing_but_failures(normalizer: Normalizer, faceless: np.ndarray) -> None:
    results = list(normalizer.stream([faceless] * 3, batch_size=2, errors="yield"))

    assert [type(result) for result in results] == [NoFaceError] * 3


def test_stream_stops_at_the_first_failure_after_the_faces_before_it(
    normalizer: Normalizer, normalized: NormalizedFace, portrait: np.ndarray, faceless: np.ndarray
) -> None:
    stream = normalizer.stream([portrait, portrait, faceless, portrait], batch_size=4)

    assert_same(next(stream), normalized)
    assert_same(next(stream), normalized)
    with pytest.raises(NoFaceError):
        next(stream)
    assert list(stream) == []


def test_stream_of_an_endless_source_takes_one_batch_ahead_and_keeps_no_photo(
    normalizer: Normalizer, portrait: np.ndarray, faceless: np.ndarray
) -> None:
    taken: list[weakref.ref[np.ndarray]] = []

    def endless() -> Iterator[np.ndarray]:
        for number in itertools.count():
            photo = (faceless if number % 3 == 2 else portrait).copy()
            taken.append(weakref.ref(photo))
            yield photo
            del photo

    stream = normalizer.stream(endless(), batch_size=2, errors="yield")
    assert taken == []  # nothing is read before it is asked for
    results = []
    for number in range(6):
        results.append(next(stream))
        assert len(taken) == number // 2 * 2 + 2
        # The generator itself holds the last; neither faces nor errors hold any, though they are kept here.
        assert sum(photo() is not None for photo in taken) <= 1

    assert [type(result) for result in results] == [NormalizedFace, NormalizedFace, NoFaceError] * 2


def test_stream_of_nothing(normalizer: Normalizer) -> None:
    assert list(normalizer.stream([])) == []


@pytest.mark.parametrize(
    ("photos", "options", "words"),
    [
        ([], {"batch_size": 0}, "`batch_size` must be an integer of at least 1, it is 0"),
        ([], {"batch_size": -3}, "`batch_size`"),
        ([], {"batch_size": 2.5}, "`batch_size`"),
        ([], {"errors": "ignore"}, "`errors` must be 'raise' or 'yield', it is 'ignore'"),
        ("photo.jpg", {}, "`photos` must be an iterable of photos, not str"),
        (Path("photo.jpg"), {}, "`photos` must be an iterable of photos"),
        (Image.new("RGB", (8, 8)), {}, "`photos` must be an iterable of photos"),
        (None, {}, "`photos` must be an iterable of photos"),
    ],
)
def test_stream_refuses_wrong_arguments_at_once(
    normalizer: Normalizer, photos: object, options: dict[str, object], words: str
) -> None:
    with pytest.raises(ArgumentError, match=words):
        normalizer.stream(photos, **options)


@pytest.mark.parametrize("photo", [None, 7, np.zeros((5, 5)), np.zeros((8, 8, 3)), np.zeros((0, 8, 3), np.uint8)])
def test_what_is_no_photo_is_refused(normalizer: Normalizer, photo: object) -> None:
    for normalize in (normalizer, normalizer.all):
        with pytest.raises(ArgumentError, match="`photo`"):
            normalize(photo)


def test_decode_gives_the_face_of_the_features(normalizer: Normalizer, normalized: NormalizedFace) -> None:
    decoded = normalizer.decode(normalized.features[None])

    assert decoded.images.shape == decoded.textures.shape == (1, 224, 224, 3)
    assert decoded.images.dtype == decoded.textures.dtype == decoded.landmarks.dtype == np.float32
    assert decoded.images.min() >= 0
    assert decoded.images.max() <= 1
    np.testing.assert_allclose(decoded.landmarks[0], normalized.landmarks, atol=1e-4)
    np.testing.assert_allclose(decoded.images[0] * 255, normalized.image, atol=0.51)


def test_decoding_a_batch_equals_decoding_one_by_one(normalizer: Normalizer, normalized: NormalizedFace) -> None:
    walk = np.linspace(normalized.features, normalized.features[::-1], 5)

    together = normalizer.decode(walk)

    for number, features in enumerate(walk):
        alone = normalizer.decode(features[None])
        np.testing.assert_allclose(together.images[number], alone.images[0], atol=1e-5)
        np.testing.assert_allclose(together.textures[number], alone.textures[0], atol=1e-5)
        np.testing.assert_allclose(together.landmarks[number], alone.landmarks[0], atol=1e-4)


def test_decoding_nothing_gives_nothing(normalizer: Normalizer) -> None:
    assert normalizer.decode(np.zeros((0, 1024))).images.shape == (0, 224, 224, 3)


@pytest.mark.parametrize(
    "features",
    [
        np.ones(1024),
        np.ones((2, 128)),
        np.ones((2, 1024), complex),
        np.ones((2, 1024), bool),
        np.full((2, 1024), "a"),
        np.full((2, 1024), None),
        np.full((2, 1024), np.nan),
        np.where(np.arange(1024) == 3, np.inf, 1)[None],
        np.full((1, 1024), 1e300),
        [[1.0, 2.0], [3.0]],
        None,
    ],
    ids=["one axis", "width", "complex", "bool", "text", "object", "NaN", "infinite", "too large", "ragged", "None"],
)
def test_decode_refuses_wrong_features(normalizer: Normalizer, features: object) -> None:
    with pytest.raises(ArgumentError, match="`features` must be"):
        normalizer.decode(features)


def test_threads_share_a_normalizer(normalizer: Normalizer, portrait: np.ndarray) -> None:
    photos = [np.ascontiguousarray(portrait[10 * i :, 5 * i :]) for i in range(4)]
    alone = [normalizer(photo) for photo in photos]

    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(normalizer, photos * 3))

    for one, other in zip(alone * 3, together, strict=True):
        np.testing.assert_array_equal(one.image, other.image)
        np.testing.assert_array_equal(one.features, other.features)
        np.testing.assert_array_equal(one.aligned.transform, other.aligned.transform)
