"""White balance and exposure as Adobe's programs have them: ``photo.xmp`` beside the photo, all else in it untouched.

Camera Raw and Lightroom read it beside proprietary RAW files; beside a DNG they read the XMP inside the DNG instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

import numpy as np

from fsynth.balance.gains import Gains
from fsynth.balance.temperature import Temperature, light_multipliers, light_xy
from fsynth.errors import PhotoError

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
CRS = "http://ns.adobe.com/camera-raw-settings/1.0/"

EXPOSURE = (-5.0, 5.0)
"""EV that Adobe's slider reaches."""

_NEW = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/">
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""

# Exposure2012 is read under process versions from 2012 on; both are written only where they are missing.
_IF_MISSING = {"ProcessVersion": "11.0", "HasSettings": "True"}

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


@dataclass(frozen=True)
class AdobeSettings:
    """What Adobe's programs are told.

    Attributes:
        temperature: kelvin, 2000..50000.
        tint: -150..150, positive towards magenta.
        exposure: EV, -5..5; at 0 the channel with the smallest multiplier keeps the sensor's range.
    """

    temperature: int
    tint: int
    exposure: float

    @classmethod
    def of_gains(cls, gains: Gains, xyz_to_camera: np.ndarray) -> AdobeSettings:
        """The settings nearest to ``gains``; ``xyz_to_camera`` (3, 3) is the camera's ColorMatrix, see ``RawPhoto``.

        Raises:
            ArgumentError: no light has those multipliers.
        """
        temperature, tint = Temperature.of_xy(light_xy(gains.multipliers, xyz_to_camera)).adobe
        exposure = float(np.clip(np.log2(gains.factors.min()), *EXPOSURE))
        return cls(temperature, tint, round(exposure, 2) + 0.0)

    def gains(self, xyz_to_camera: np.ndarray) -> Gains:
        """The inverse of ``of_gains``, up to the rounding of the three numbers."""
        xy = Temperature.of_adobe(self.temperature, self.tint).to_xy()
        multipliers = light_multipliers(xy, xyz_to_camera)
        return Gains.of_factors(multipliers / multipliers.min() * 2.0**self.exposure)


@dataclass(frozen=True)
class Stored:
    """White balance and exposure of a sidecar that is there already.

    Attributes:
        light: Temperature and Tint; None if the white balance is as shot.
        exposure: EV, 0 if it isn't set.
    """

    light: tuple[float, float] | None
    exposure: float

    @property
    def untouched(self) -> bool:
        """Whether nobody has set anything: white balance as shot, exposure 0."""
        return self.light is None and self.exposure == 0

    def gains(self, as_shot: Gains, xyz_to_camera: np.ndarray) -> Gains:
        """How the photo is developed with them; arguments as in ``RawPhoto``."""
        multipliers = as_shot.multipliers
        if self.light is not None:
            multipliers = light_multipliers(Temperature.of_adobe(*self.light).to_xy(), xyz_to_camera)
        return Gains.of_factors(multipliers / multipliers.min() * 2.0**self.exposure)


def read(existing: bytes, name: object = "The sidecar") -> Stored:
    """What the sidecar ``existing`` says of white balance and exposure; ``name`` of the file, for messages.

    Raises:
        PhotoError: as ``merge``.
    """
    text, _, _ = _decode(existing, name)
    source = text.encode()
    places = _find(source, ["WhiteBalance", "Temperature", "Tint", "Exposure2012"], name).found
    values = {place.name: _value(source, place) for place in places}
    light = None
    if values.get("WhiteBalance", "Custom") != "As Shot" and "Temperature" in values:
        light = _number(values["Temperature"]), _number(values.get("Tint", "0"))
    return Stored(light if light and light[0] > 0 else None, _number(values.get("Exposure2012", "0")))


def sidecar_path(photo: Path) -> Path:
    """Where Adobe's programs look for the settings of ``photo``: its name with ``.xmp`` for its suffix."""
    return photo.with_suffix(".xmp")


def merge(settings: AdobeSettings, existing: bytes = b"", name: object = "The sidecar") -> bytes:
    """The sidecar ``existing`` with ``settings`` in it; everything else stays byte for byte.

    Args:
        settings: what to write.
        existing: an XMP file, UTF-8 or UTF-16; empty for a new one.
        name: of the file, for messages.

    Raises:
        PhotoError: ``existing`` is broken XML, has a document type (XMP has none, attacks do), or is no XMP.
    """
    values = {
        "WhiteBalance": "Custom",
        "Temperature": str(settings.temperature),
        "Tint": f"{settings.tint:+d}" if settings.tint else "0",
        "Exposure2012": f"{settings.exposure:+.2f}" if settings.exposure else "0.00",
    }
    text, encoding, mark = _decode(existing or _NEW.encode(), name)
    source = text.encode()
    places = _find(source, [*values, *_IF_MISSING], name)
    replacements = [_replacement(source, place, values[place.name]) for place in places.found if place.name in values]
    present = {place.name for place in places.found}
    missing = {key: value for key, value in {**values, **_IF_MISSING}.items() if key not in present}
    if missing:
        replacements.append(_insertion(source, places, missing))
    for start, end, new in sorted(replacements, reverse=True):
        source = source[:start] + new + source[end:]
    return mark + source.decode().encode(encoding)


@dataclass(frozen=True)
class _Place:
    """A property in the file: an attribute of the start tag at ``start``..``end``, or an element there."""

    name: str
    prefix: str
    start: int
    end: int
    attribute: bool


@dataclass
class _Places:
    found: list[_Place] = field(default_factory=list)
    host: tuple[int, int] | None = None  # start tag of the rdf:Description that new properties go into
    host_prefix: str = ""  # of camera-raw-settings there; "" if undeclared
    host_taken: set[str] = field(default_factory=set)


def _find(source: bytes, names: list[str], name: object) -> _Places:
    """Where the properties ``names`` are, and where new ones go. Offsets are in bytes of ``source``, UTF-8."""
    places = _Places()
    scopes: list[dict[str, str]] = [{"xml": "", "xmlns": ""}]  # prefix -> namespace
    path: list[tuple[str, str, int]] = []  # namespace and name, prefix, offset

    def start(tag: str, attributes: dict[str, str]) -> None:
        scope = dict(scopes[-1])
        for key, value in attributes.items():
            if key == "xmlns" or key.startswith("xmlns:"):
                scope[key[6:]] = value
        scopes.append(scope)
        at = parser.CurrentByteIndex
        prefix, _, local = tag.rpartition(":")
        path.append((scope.get(prefix, "") + local, prefix, at))
        if [step[0] for step in path[-2:]] != [RDF + "RDF", RDF + "Description"]:
            return
        end = _tag_end(source, at)
        own = [key.rpartition(":") for key in attributes]
        places.found.extend(
            _Place(key, prefix, at, end, True)
            for prefix, _, key in own
            if prefix and scope.get(prefix) == CRS and key in names
        )
        declared = next((prefix for prefix, space in scope.items() if space == CRS and prefix), "")
        if places.host is None or (declared and not places.host_prefix):
            places.host, places.host_prefix, places.host_taken = (at, end), declared, set(scope)

    def end(tag: str) -> None:
        full, prefix, at = path.pop()
        scopes.pop()
        local = full.removeprefix(CRS)
        if full != local and local in names and [step[0] for step in path[-2:]] == [RDF + "RDF", RDF + "Description"]:
            opened = _tag_end(source, at)
            empty = source[opened - 2 : opened] == b"/>"
            closed = opened if empty else _tag_end(source, parser.CurrentByteIndex)
            places.found.append(_Place(local, prefix, at, closed, False))

    def doctype(*_: object) -> None:
        raise PhotoError(f"{name} has a document type, which XMP never has; it was left as it is. Move it away.")

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(source, True)
    except expat.ExpatError as error:
        raise PhotoError(
            f"{name} is broken XML ({error}); it was left as it is. Repair it, or move it away to get a new one."
        ) from error
    if places.host is None:
        raise PhotoError(f"{name} is XML, but no XMP (it has no rdf:Description); it was left as it is. Move it away.")
    return places


def _tag_end(source: bytes, start: int) -> int:
    """Offset behind the ``>`` of the tag at ``start``; a ``>`` between quotes doesn't count."""
    tag = re.compile(rb"""<(?:[^>"']|"[^"]*"|'[^']*')*>""").match(source, start)
    assert tag is not None  # expat has read it
    return tag.end()


def _replacement(source: bytes, place: _Place, value: str) -> tuple[int, int, bytes]:
    if not place.attribute:
        name = _qualified(place)
        return place.start, place.end, f"<{name}>{value}</{name}>".encode()
    start, end = _quoted(source, place)
    return start, end, quoteattr(value).encode()


def _value(source: bytes, place: _Place) -> str:
    """The text of a property; XML's escapes, which numbers don't need, stay."""
    if place.attribute:
        start, end = _quoted(source, place)
        return source[start + 1 : end - 1].decode().strip()
    return re.sub(rb"<[^>]*>", b"", source[place.start : place.end]).decode().strip()


def _quoted(source: bytes, place: _Place) -> tuple[int, int]:
    """Where the value of an attribute is, with its quotes."""
    name = re.escape(_qualified(place).encode())
    pattern = rb"""(?:[^>"']|"[^"]*"|'[^']*')*?\s""" + name + rb"""\s*=\s*("[^"]*"|'[^']*')"""
    found = re.compile(pattern).match(source, place.start, place.end)
    assert found is not None  # expat has read it
    return found.span(1)


def _qualified(place: _Place) -> str:
    return f"{place.prefix}:{place.name}" if place.prefix else place.name


def _number(text: str) -> float:
    """0 for what is none."""
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if np.isfinite(number) else 0.0


def _insertion(source: bytes, places: _Places, missing: dict[str, str]) -> tuple[int, int, bytes]:
    """New attributes at the end of the start tag of the description, each on a line of its own."""
    assert places.host is not None
    prefix, declaration = places.host_prefix, ""
    if not prefix:
        prefix = next(p for p in ("crs", *(f"crs{n}" for n in range(2, 99))) if p not in places.host_taken)
        declaration = f'\n    xmlns:{prefix}="{CRS}"'
    end = places.host[1] - 1
    if source[end - 1 : end] == b"/":
        end -= 1
    while source[end - 1 : end].isspace():
        end -= 1
    new = declaration + "".join(f"\n   {prefix}:{key}={quoteattr(value)}" for key, value in missing.items())
    return end, end, new.encode()


def _decode(content: bytes, name: object) -> tuple[str, str, bytes]:
    """Text, encoding and byte order mark of a sidecar."""
    mark, encoding = next(((mark, encoding) for mark, encoding in _BOMS if content.startswith(mark)), (b"", "utf-8"))
    try:
        return content[len(mark) :].decode(encoding), encoding, mark
    except UnicodeDecodeError as error:
        raise PhotoError(
            f"{name} is neither UTF-8 nor UTF-16 text; it was left as it is. Repair it, or move it away."
        ) from error
