"""One photo on the contact sheet: before, after, its faces, and what was done to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from fsynth_cli.balance.light_scale import light_scale
from fsynth_cli.balance.names import printable
from fsynth_cli.balance.pictures import Pictures
from fsynth_cli.balance.preview import aspect, face_side, fitted, image_tag
from fsynth_cli.balance.record import Balance, FaceRecord, Light, PhotoRecord, Triple
from fsynth_cli.balance.remarks import is_to_look_at, remarks_of
from fsynth_cli.balance.wording import counted, duration, duv, ev, kelvin

MOST_FACES = 12
"""Faces of a photo that are shown, largest first."""

_LARGE_FACES = 2  # more are shown two in a row
_FAR = 2.0  # standard deviations


def photo_card(photo: PhotoRecord, names: dict[Path, str], anchor: str, common: Sequence[str], side: int) -> str:
    """The photo as an ``article``.

    ``common``: remarks that are made elsewhere; ``side``: the largest that its pictures may have, in pixels.
    """
    name = escape(names[photo.photo])
    pictures = Pictures.load(photo.pictures) if photo.pictures is not None else None
    notes = [_taken(photo), *([f"{photo.size[0]} × {photo.size[1]}"] if photo.size else [])]
    notes += [counted(len(photo.faces), "face", "faces"), duration(photo.seconds)]
    badge = ""
    if photo.status == "carried over" and photo.source is not None:
        badge = f'<span class="badge">balanced as {escape(names.get(photo.source, photo.source.name))}</span>'
    look = ' class="look"' if is_to_look_at(photo, common) else ""
    return (
        f'<article id="{anchor}"{look}><header><h3 title="{escape(printable(str(photo.photo)))}">{name}</h3>{badge}'
        f'<p class="quiet">{" · ".join(note for note in notes if note)}</p></header>'
        f"<div>{_pair(photo, pictures, name, side)}{_facts(photo)}{_remarks(photo, common)}</div>"
        f'<div class="side"><div>{_faces(photo, pictures, name, side)}</div>{_scale(photo)}</div></article>\n'
    )


def _taken(photo: PhotoRecord) -> str:
    return photo.taken.strftime("%d %B, %H:%M:%S").lstrip("0") if photo.taken else ""


def _pair(photo: PhotoRecord, pictures: Pictures | None, name: str, side: int) -> str:
    if pictures is None:
        return ""
    before = fitted(pictures.before, side)
    captions = [_caption("As shot", photo.before), _caption("Balanced", photo.after, photo.ev)]
    shown = _zoomable(image_tag(before, f"{name}, as shot"), "as shot", captions[0])
    if pictures.after:
        after = image_tag(fitted(pictures.after, side), f"{name}, balanced")
        shown += _zoomable(after, "balanced", captions[1])
    else:
        shown += '<figure><div class="empty quiet">not balanced</div></figure>'
    return f'<div class="pair photo" data-name="{name}" style="--aspect:{aspect(before):.4f}">{shown}</div>'


def _caption(title: str, balance: Balance | None, exposure: float | None = None) -> str:
    parts = [kelvin(balance.light)] if balance is not None and balance.light is not None else []
    parts += [f"{_minus(ev(exposure))} EV"] if exposure is not None else []
    return f"<b>{title}</b> " + " · ".join(parts)


def _zoomable(image: str, label: str, caption: str) -> str:
    button = f'<button type="button" aria-label="{label}">{image}</button>'
    return f"<figure>{button}<figcaption>{caption}</figcaption></figure>"


def _remarks(photo: PhotoRecord, common: Sequence[str]) -> str:
    return remark_list(sentence for sentence in remarks_of(photo) if sentence not in common)


def remark_list(sentences: Iterable[str]) -> str:
    """``sentences`` as a list; "" if there are none."""
    rows = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f'<ul class="remarks">{rows}</ul>' if rows else ""


def _faces(photo: PhotoRecord, pictures: Pictures | None, name: str, side: int) -> str:
    shown = list(zip(photo.faces, pictures.faces if pictures is not None else (), strict=False))[:MOST_FACES]
    cells = "".join(
        _face(face, number, *(fitted(jpeg, face_side(side)) for jpeg in jpegs), name=name)
        for number, (face, jpegs) in enumerate(shown, start=1)
    )
    more = len(photo.faces) - len(shown)
    if more and shown:
        cells += f'<p class="quiet">and {counted(more, "smaller face", "smaller faces")}</p>'
    return f'<div class="many">{cells}</div>' if len(shown) > _LARGE_FACES else cells


def _face(face: FaceRecord, number: int, aligned: bytes, normalized: bytes, *, name: str) -> str:
    who = f"Person {face.person}" if face.person is not None else f"Face {number}"
    title = who if face.used else f"{who}, not counted: {escape(printable(face.reason))}"
    pair = _zoomable(image_tag(aligned, f"{who}, aligned"), f"{who}, aligned", "Aligned")
    pair += _zoomable(image_tag(normalized, f"{who}, normalized"), f"{who}, normalized", "Normalized")
    return (
        f'<div class="face"><div class="pair faces" data-name="{name}">{pair}</div>'
        f"{_skin(face)}<p>{title}{_deviation(face)}</p></div>"
    )


def _skin(face: FaceRecord) -> str:
    colours = {"as shot": face.skin_before, "balanced": face.skin_after, "normalized": face.skin_wanted}
    cells = "".join(
        f'<span><i style="background:{css_colour(colour)}" title="skin, {words}"></i>{words}</span>'
        for words, colour in colours.items()
        if colour is not None
    )
    return f'<div class="skin">{cells}</div>'


def css_colour(colour: Triple) -> str:
    """sRGB 0..1 as CSS has it."""
    return "#" + "".join(f"{round(255 * min(max(value, 0.0), 1.0)):02x}" for value in colour)


def _deviation(face: FaceRecord) -> str:
    if not face.used or face.deviation is None or face.deviation <= _FAR:
        return ""
    return f', <span class="quiet">{face.deviation:.1f} &sigma; off, so it counts less</span>'


def _scale(photo: PhotoRecord) -> str:
    return light_scale(*_lights(photo))


def _lights(photo: PhotoRecord) -> list[Light | None]:
    return [balance.light if balance is not None else None for balance in (photo.before, photo.after)]


def _facts(photo: PhotoRecord) -> str:
    lights = _lights(photo)
    rows = []
    if lights[0] is not None or lights[1] is not None:
        rows.append(("Light", " → ".join(kelvin(light) for light in lights if light is not None)))
        rows.append(("Duv", " → ".join(_minus(duv(light)) for light in lights if light is not None)))
    if photo.ev is not None:
        rows.append(("Exposure", f"{_minus(ev(photo.ev))} EV"))
    if photo.after is not None:
        rows.append(("Gains R, G, B", " ".join(f"{value:.3f}" for value in photo.after.multipliers)))
    if photo.shift is not None:
        rows.append(("Eq. 4, Y Cr Cb", f"{_three(photo.shift.photo_mean)} → {_three(photo.shift.target_mean)}"))
    if photo.clipping is not None and (photo.clipping.sensor or photo.clipping.new):
        rows.append(("Clipped", f"{photo.clipping.sensor:.1%} in the file, {photo.clipping.new:.1%} more"))
    rows += [("Written", escape(printable(path.name))) for path in photo.outputs]
    listed = "".join(f"<div><dt>{title}</dt><dd>{value}</dd></div>" for title, value in rows)
    return f'<dl class="facts">{listed}</dl>'


def _minus(text: str) -> str:
    """A number with a true minus sign, which is as wide as a plus."""
    return text.replace("-", "&minus;")


def _three(values: Triple) -> str:
    return " ".join(f"{value:.3f}" for value in values)
