from __future__ import annotations

import numpy as np
import pytest

from fsynth import encoder
from fsynth.errors import ArgumentError
from fsynth_training.evaluate import judges
from fsynth_training.evaluate.photos import EvaluationPhotos


def test_the_first_judge_of_a_trial_is_not_the_encoder_that_decoders_are_trained_with() -> None:
    pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')
    from fsynth_training.evaluate.trial import JUDGES

    assert JUDGES == ("dlib", "faceres")


def test_dlib_compares_embeddings_as_they_are_by_its_own_threshold(photos: EvaluationPhotos) -> None:
    judge, network = judges.load("dlib"), encoder.load("dlib")

    expected = network.encode(network.crop(photos.aligned[0], photos.mesh[0])[None])

    np.testing.assert_allclose(judge.embed(photos.aligned[:1], photos.mesh[:1]), expected, atol=1e-5)
    assert judge.same_person_distance == 0.6


def test_faceres_compares_at_length_1(photos: EvaluationPhotos) -> None:
    judge = judges.load("faceres")

    found = judge.embed(photos.aligned, photos.mesh)

    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
    # A darker copy is the same person, by far.
    assert np.linalg.norm(found[0] - found[1]) < judge.same_person_distance / 2


def test_an_unknown_judge_is_named() -> None:
    with pytest.raises(ArgumentError, match="'solomon'"):
        judges.load("solomon")


@pytest.mark.requires_shared
def test_thresholds_tell_people_of_labeled_faces_apart(shared: object) -> None:
    """Forty photos of ten people: few pairs of one person are beyond the thresholds, few of two within."""
    from pathlib import Path

    pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')
    from fsynth.faces import align, find_faces, read_photo
    from fsynth_training.dataset.open_sets import lfw_evaluation

    assert isinstance(shared, Path)
    people = list(lfw_evaluation(shared / "data" / "faces").items())[:10]
    images, meshes, person = [], [], []
    for number, (_, paths) in enumerate(people):
        for path in paths[:4]:
            photo = read_photo(path)
            aligned = align(photo, find_faces(photo, smallest_share=1)[0])
            images.append(aligned.image)
            meshes.append(aligned.to_crop(aligned.face.mesh[:, :2]))
            person.append(number)
    pairs = np.triu_indices(len(person), 1)
    same = (np.array(person)[:, None] == person)[pairs]
    for name in ("dlib", "faceres"):
        judge = judges.load(name)
        found = judge.embed(np.stack(images), np.stack(meshes))
        near = (np.linalg.norm(found[:, None] - found, axis=2) < judge.same_person_distance)[pairs]
        assert near[same].mean() > 0.9
        # All ten are men: FaceRes takes one pair of strangers in eight for one person, of all people one in forty.
        assert near[~same].mean() < 0.15
