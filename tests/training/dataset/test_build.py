"""Photos to a dataset, with the real networks: what becomes of each, and that the arrays belong together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fsynth.faces import LANDMARKS_65
from fsynth_training.dataset.averaging import average_face
from fsynth_training.dataset.build import Preparation, build, is_validation
from fsynth_training.dataset.config import Filters, PrepareConfig
from fsynth_training.dataset.geometry import MIRROR_468, geometry_of, to_texture
from fsynth_training.dataset.photo_list import Photo, list_photos
from fsynth_training.dataset.photo_stage import load
from fsynth_training.dataset.selection import NothingLeftError, Record
from fsynth_training.dataset.store import Dataset, DatasetError

# The astronaut smiles and looks up a little.
TOLERANT = Filters(pitch=20, lip_gap=0.5, mouth_width=1.5, forehead=60, photos_of_person=1)
PAPER = PrepareConfig(filters=TOLERANT, degraded_views=1, validation=0.0)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Kept results, which all tests here share."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def paper(portraits: Path, work: Path) -> tuple[Dataset, tuple[Record, ...]]:
    return build(list_photos(portraits), Preparation(PAPER, work))


def test_photos_of_a_person_become_one_target(paper: tuple[Dataset, tuple[Record, ...]]) -> None:
    dataset, records = paper

    assert [(record.photo.file, record.kept) for record in records] == [
        ("meadow.png", "no"),
        ("notes.jpg", "no"),
        ("anna/1.png", "target"),
        ("anna/2.png", "target"),
        ("anna/3.png", "target"),
        ("bert/1.png", "target"),
        ("bert/2.png", "no"),
    ]
    assert records[-1].broken["roll"].startswith("roll ")
    dataset.check()
    assert dataset.identity_names == ("anna", "bert")
    assert dataset.target_identity.tolist() == [0, 1]
    assert dataset.photo_identity.tolist() == [0, 0, 0, 1]
    assert dataset.photo_target.tolist() == [0, 0, 0, 1]
    assert dataset.features.shape == (4, 3, 1024)
    assert dataset.view_mirrored[:, :2].tolist() == [[False, True]] * 4
    assert dataset.backgrounds.shape == (4, 224, 224, 3)


def test_the_target_is_the_morphed_average_in_the_mean_geometry(paper: tuple[Dataset, tuple[Record, ...]]) -> None:
    dataset, records = paper
    seen = [load(record.file) for record in records if record.photo.identity == "anna"]
    points = [one.mesh[LANDMARKS_65, :2] for one in seen]

    average, mean = average_face([one.image / np.float32(255) for one in seen], points)
    geometry = geometry_of(dataset.mean_mesh.astype(np.float64))
    expected = to_texture(average, mean, geometry)

    np.testing.assert_allclose(dataset.landmarks[0], mean, atol=1e-4)
    assert np.abs(dataset.textures[0] / 255 - expected).max() < 0.6 / 255
    assert (dataset.mattes == 255).all()


def test_the_mean_geometry_is_symmetric(paper: tuple[Dataset, tuple[Record, ...]]) -> None:
    mesh = paper[0].mean_mesh

    np.testing.assert_allclose(mesh[:, 0] + mesh[MIRROR_468, 0], 223, atol=1e-4)
    np.testing.assert_array_equal(mesh[LANDMARKS_65], paper[0].mean_landmarks)


def test_the_features_of_a_target_are_the_mean_of_its_person(paper: tuple[Dataset, tuple[Record, ...]]) -> None:
    dataset, _ = paper

    expected = [dataset.features[:3, 0].mean(axis=0), dataset.features[3, 0]]
    np.testing.assert_allclose(dataset.target_features, expected, rtol=1e-5, atol=1e-5)


def test_one_target_for_each_photo(portraits: Path, work: Path) -> None:
    config = replace(PAPER, average="none", filters=replace(TOLERANT, dropped="features"))

    dataset, records = build(list_photos(portraits), Preparation(config, work))

    assert dataset.photo_target.tolist() == [0, 1, 2, 3, -1]
    assert [record.kept for record in records][-1] == "features"
    assert dataset.target_identity.tolist() == [0, 0, 0, 1]
    # The darker photo gives a darker target.
    assert dataset.textures[1].mean() < 0.9 * dataset.textures[0].mean()


def with_roles(portraits: Path, roles: Sequence[tuple[str, str, str, str]]) -> list[Photo]:
    """Photos as (file, identity, set, expression)."""
    return [Photo(portraits / file, file, *about) for file, *about in roles]


STUDIO = [
    ("anna/1.png", "anna", "studio", "neutral"),
    ("anna/2.png", "anna", "studio", "smiling"),
    ("bert/1.png", "bert", "studio", "neutral"),
    ("anna/3.png", "bert", "studio", "smiling"),
    ("bert/2.png", "carl", "street", ""),
]


def test_who_smiles_belongs_to_the_neutral_target(portraits: Path, work: Path) -> None:
    config = replace(PAPER, average="none", reference="studio", remove_smiles=True)

    dataset, records = build(with_roles(portraits, STUDIO), Preparation(config, work))

    assert [record.kept for record in records] == ["target"] * 4 + ["no"]
    assert dataset.photo_target.tolist() == [0, 0, 2, 2]
    assert len(dataset.textures) == 4


def test_white_balance_takes_out_the_cast_of_a_set(portraits: Path, work: Path, tmp_path: Path) -> None:
    from PIL import Image

    pixels = np.asarray(Image.open(portraits / "anna/1.png"), np.float32)
    for number, light in enumerate((1.0, 0.9)):
        cast = pixels * np.array([1.0, 0.85, 0.6]) * light
        Image.fromarray(cast.astype(np.uint8)).save(tmp_path / f"{number}.png")
    photos = with_roles(portraits, STUDIO[:4])
    photos += [Photo(tmp_path / f"{n}.png", f"{n}.png", f"cast {n}", "yellow") for n in range(2)]
    config = replace(PAPER, average="none", reference="studio", filters=replace(TOLERANT, neutral=False))
    balanced = replace(config, colour=replace(config.colour, white_balance=True))

    before, _ = build(photos, Preparation(config, work))
    after, _ = build(photos, Preparation(balanced, work))

    def blue_of_skin(dataset: Dataset, row: int) -> float:
        skin = geometry_of(dataset.mean_mesh.astype(np.float64)).skin > 0.5
        red, _, blue = dataset.textures[row][skin].mean(axis=0)
        return float(blue / red)

    studio = blue_of_skin(before, 0)
    assert blue_of_skin(before, 4) < 0.75 * studio
    assert abs(blue_of_skin(after, 4) - studio) < 0.2 * abs(blue_of_skin(before, 4) - studio)


def test_the_geometry_of_another_dataset_is_kept(
    portraits: Path, work: Path, paper: tuple[Dataset, tuple[Record, ...]]
) -> None:
    mesh = paper[0].mean_mesh.astype(np.float64) + np.array([0, 3])

    dataset, _ = build(list_photos(portraits), Preparation(PAPER, work, geometry=geometry_of(mesh)))

    np.testing.assert_allclose(dataset.mean_mesh, mesh, atol=1e-4)
    assert np.abs(dataset.textures.astype(int) - paper[0].textures).mean() > 1


def test_identities_by_features(portraits: Path, work: Path) -> None:
    photos = [replace(photo, identity=photo.file) for photo in list_photos(portraits)]

    dataset, records = build(photos, Preparation(PAPER, work, clustered=True))

    # Before their mean is out, all are one face; the mirrored one is as far from the rest as anything here.
    names = {record.photo.file: record.photo.identity for record in records if not record.failure}
    assert names["anna/1.png"] == names["anna/2.png"] == "person-1"
    assert set(dataset.identity_names) <= set(names.values())


def test_features_of_ones_own(portraits: Path, work: Path, rng: np.random.Generator) -> None:
    photos = list_photos(portraits)
    features = rng.normal(size=(len(photos), 1, 128)).astype(np.float32)
    features[2, 0, 5] = np.nan

    dataset, records = build(photos, Preparation(PAPER, work, encoder=None), features)

    assert records[2].failure == "Its features are not finite numbers."
    assert (dataset.encoder, dataset.feature_width) == (None, 128)
    np.testing.assert_array_equal(dataset.features, features[3:6])
    assert not dataset.view_mirrored.any()


def test_held_out_people_follow_from_their_names() -> None:
    names = [f"person {number}" for number in range(4000)]

    held_out = [is_validation(name, 0.1) for name in names]

    assert 320 < sum(held_out) < 480
    assert all(is_validation(name, 0.2) for name, out in zip(names, held_out, strict=True) if out)
    assert not any(is_validation(name, 0.0) for name in names)
    digest = int(hashlib.sha256(b"person 7").hexdigest(), 16) / 2**256
    assert is_validation("person 7", digest + 1e-6)
    assert not is_validation("person 7", digest - 1e-6)


def test_nobody_held_out_is_in_the_backgrounds(portraits: Path, work: Path) -> None:
    share = next(s for s in np.linspace(0, 0.9, 500) if is_validation("anna", s) != is_validation("bert", s))
    kept_out = "anna" if is_validation("anna", share) else "bert"

    dataset, _ = build(list_photos(portraits), Preparation(replace(PAPER, validation=float(share)), work))

    assert dataset.validation.tolist() == [kept_out == "anna", kept_out == "bert"]
    assert len(dataset.backgrounds) == (1 if kept_out == "anna" else 3)


def test_when_nothing_is_left_the_records_say_why(portraits: Path, work: Path) -> None:
    strict = replace(PAPER, filters=replace(TOLERANT, interocular=500.0))

    with pytest.raises(NothingLeftError, match=r"None of the 7 photos became a target: 2 can't be read .*5 by interoc"):
        build(list_photos(portraits), Preparation(strict, work))


def test_smiles_need_pairs(portraits: Path, work: Path) -> None:
    config = replace(PAPER, average="none", reference="studio", remove_smiles=True)

    with pytest.raises(DatasetError, match="1 such people passed, and it needs 2"):
        build(with_roles(portraits, STUDIO[:3]), Preparation(config, work))
