"""The people of a shoot on the contact sheet: their skin in each photo, as shot and balanced, side by side."""

from __future__ import annotations

from collections import defaultdict
from html import escape
from pathlib import Path

import numpy as np

from fsynth.balance.colour_science import colour
from fsynth_cli.balance.photo_card import css_colour
from fsynth_cli.balance.pictures import Pictures
from fsynth_cli.balance.preview import fitted, image_tag
from fsynth_cli.balance.record import FaceRecord, PhotoRecord, RunRecord, Triple
from fsynth_cli.balance.wording import counted

_PORTRAIT_SIDE = 112
_MOST_PHOTOS = 120  # a strip's patches would be too narrow to click
_FEWEST_PHOTOS = 2

Appearance = tuple[PhotoRecord, int, FaceRecord]
"""A photo, the number of a face in it from 0, and the face."""


def people_section(run: RunRecord, names: dict[Path, str], anchors: dict[Path, str]) -> str:
    """Everyone who is in several photos, who is in most of them first; "" if faces were not grouped."""
    people: dict[int, list[Appearance]] = defaultdict(list)
    for photo in run.photos:
        for number, face in enumerate(photo.faces):
            if face.person is not None and photo.status != "failed":
                people[face.person].append((photo, number, face))
    several = {person: seen for person, seen in people.items() if len(seen) >= _FEWEST_PHOTOS}
    rows = "".join(
        _person(person, seen, names, anchors)
        for person, seen in sorted(several.items(), key=lambda item: (-len(item[1]), item[0]))
    )
    if not rows:
        return ""
    once = len(people) - len(several)
    others = f", {counted(once, 'person', 'people')} in one photo only" if once else ""
    about = f'<p class="quiet">skin as shot above, balanced below{others}</p>'
    return f'<section id="people"><header><h2>People</h2>{about}</header><div class="people">{rows}</div></section>\n'


def _person(person: int, seen: list[Appearance], names: dict[Path, str], anchors: dict[Path, str]) -> str:
    spreads = [_spread([getattr(face, which) for _, _, face in seen]) for which in ("skin_before", "skin_after")]
    spread = ""
    if None not in spreads:
        spread = f" · skin differs by ΔE {spreads[0]:.1f} → <b>{spreads[1]:.1f}</b>"
    patches = "".join(_patch(photo, face, names, anchors) for photo, _, face in seen[:_MOST_PHOTOS])
    return (
        f'<div class="person">{_portrait(seen)}<div><p><b>Person {person}</b> <span class="quiet">'
        f'{counted(len(seen), "photo", "photos")}{spread}</span></p><div class="strip">{patches}</div></div></div>'
    )


def _portrait(seen: list[Appearance]) -> str:
    """The person's normalized face, from where the detector was surest."""
    for photo, number, _ in sorted(seen, key=lambda one: -one[2].score):
        if photo.pictures is not None:
            faces = Pictures.load(photo.pictures).faces
            if number < len(faces):
                return image_tag(fitted(faces[number][1], _PORTRAIT_SIDE))
    return "<span></span>"


def _patch(photo: PhotoRecord, face: FaceRecord, names: dict[Path, str], anchors: dict[Path, str]) -> str:
    cells = "".join(
        f'<i style="background:{css_colour(skin) if skin is not None else "none"}"></i>'
        for skin in (face.skin_before, face.skin_after)
    )
    return f'<a href="#{anchors[photo.photo]}" title="{escape(names[photo.photo])}">{cells}</a>'


def _spread(skins: list[Triple | None]) -> float | None:
    """Root mean square distance (Delta E 1976) from the mean, as ``benchmarks/balance_consistency.py`` has it."""
    known = [skin for skin in skins if skin is not None]
    if len(known) < _FEWEST_PHOTOS:
        return None
    lab = colour().XYZ_to_Lab(colour().sRGB_to_XYZ(np.array(known)))
    return float(np.sqrt(((lab - lab.mean(axis=0)) ** 2).sum(axis=1).mean()))
