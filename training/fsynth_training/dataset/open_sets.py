"""The photographs the default weights are made from, and which people are held out of them.

``python -m fsynth_training.dataset.open_sets FACES -o photos.csv`` writes the list for ``fsynth train prepare``. FACES
is a folder with one folder a set, as ``OPEN_SETS`` names them and ``lfw``; in each lies ``<set>.csv``, with the columns
``identity``, ``file`` (relative to the folder of the set) and in London's ``expression``. Only the open sets give
pixels; what is not held out of Labeled Faces in the Wild gives features.
"""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from fsynth_training.dataset.errors import DatasetError
from fsynth_training.dataset.store import write_file

OPEN_SETS = ("london", "canada", "congress", "gpo_congress", "interfaces_cc0", "sfhq_t2i")
"""Sets whose licences allow weights made from their pixels to be published."""

HELD_OUT_LONDON = 20
HELD_OUT_LFW = 200
PHOTOS_PER_HELD_OUT = 5


@dataclass(frozen=True)
class Photograph:
    """One photograph: its set, whose it is, where it lies, and whether the person smiles in a neutral/smiling pair."""

    source: str
    identity: str
    path: Path
    smiling: bool = False


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _rows(faces: Path, source: str) -> list[dict[str, str]]:
    with (faces / source / f"{source}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def held_out_london(faces: Path) -> set[str]:
    """The 20 London identities whose sha256(identity) comes first: in no training and in no basis."""
    return set(sorted({row["identity"] for row in _rows(faces, "london")}, key=_digest)[:HELD_OUT_LONDON])


def lfw_evaluation(faces: Path) -> dict[str, list[Path]]:
    """The 200 LFW people with the smallest sha256(name) among those with at least four photos: name -> paths."""
    photos: dict[str, list[Path]] = {}
    for row in _rows(faces, "lfw"):
        photos.setdefault(row["identity"], []).append(faces / "lfw" / row["file"])
    eligible = sorted((name for name, paths in photos.items() if len(paths) >= 4), key=_digest)
    return {name: sorted(photos[name])[:PHOTOS_PER_HELD_OUT] for name in eligible[:HELD_OUT_LFW]}


def lfw_features_only(faces: Path) -> list[Photograph]:
    """LFW photos of people outside the evaluation: their features may be learned from, their pixels never."""
    held_out = lfw_evaluation(faces)
    return [
        Photograph("lfw", row["identity"], faces / "lfw" / row["file"])
        for row in _rows(faces, "lfw")
        if row["identity"] not in held_out
    ]


def open_photographs(faces: Path) -> list[Photograph]:
    """Every photograph of the open sets that training may see: no held-out person, no overlap with the evaluation."""
    london = held_out_london(faces)
    test_names = {name.replace("_", " ").lower() for name in lfw_evaluation(faces)}
    found = []
    for source, row in itertools.chain.from_iterable(((s, r) for r in _rows(faces, s)) for s in OPEN_SETS):
        if source == "london" and row["identity"] in london:
            continue
        if row.get("exclude_lfw_overlap") == "1" or row.get("name", "").lower() in test_names:
            continue
        if f"{row.get('first', '')} {row.get('last', '')}".strip().lower() in test_names:
            continue
        smiling = source == "london" and row["expression"] == "smiling"
        found.append(Photograph(source, row["identity"], faces / source / row["file"], smiling))
    return found


def london_pairs(faces: Path, identities: set[str]) -> list[tuple[str, Path, Path]]:
    """(identity, neutral path, smiling path) of the London people in ``identities``."""
    by_person: dict[str, dict[str, Path]] = {}
    for row in _rows(faces, "london"):
        by_person.setdefault(row["identity"], {})[row["expression"]] = faces / "london" / row["file"]
    return [(i, by_person[i]["neutral"], by_person[i]["smiling"]) for i in sorted(identities)]


def photo_rows(faces: Path, relative_to: Path) -> Iterator[dict[str, str]]:
    """The rows of the list for ``fsynth train prepare``, with paths relative to the folder ``relative_to``."""
    for role, photographs in (("target", open_photographs(faces)), ("features", lfw_features_only(faces))):
        for photo in photographs:
            expression = "smiling" if photo.smiling else "neutral" if photo.source == "london" else ""
            file = Path(os.path.relpath(photo.path.absolute(), relative_to.absolute())).as_posix()
            yield {
                "file": file,
                "identity": photo.identity,
                "set": photo.source,
                "expression": expression,
                "role": role,
            }


@click.command()
@click.argument("faces", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The CSV to write."
)
def main(faces: Path, output: Path) -> None:
    """Write the list of the open photographs in FACES that training may see, with their identities and roles."""
    rows = list(photo_rows(faces, output.parent))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    try:
        write_file(output, text.getvalue().encode())
    except DatasetError as error:
        raise click.ClickException(str(error)) from error
    targets = sum(row["role"] == "target" for row in rows)
    click.echo(f"{output}: {targets} photos for targets, {len(rows) - targets} for features only.")


if __name__ == "__main__":
    main()
