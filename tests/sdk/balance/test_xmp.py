from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from tests.sdk.balance.synthetic import CAMERA

from fsynth.balance.gains import Gains
from fsynth.balance.temperature import Temperature, light_multipliers
from fsynth.balance.xmp import CRS, RDF, AdobeSettings, merge, sidecar_path
from fsynth.errors import PhotoError

pytestmark = pytest.mark.requires_extra("balance")

SETTINGS = AdobeSettings(3150, -7, 0.45)

LIGHTROOM = b"""<?xml version="1.0" encoding="UTF-8"?>
<!-- kept --><x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="a > b"
    dc:source='crs:Temperature="1"'/>
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
   xmp:Rating="4"
   crs:ProcessVersion="6.7"
   crs:WhiteBalance = 'As Shot'
   crs:Temperature="5500"
   crs:Contrast2012="+12"
   crs:HasSettings="True">
   <crs:Tint>+4</crs:Tint>
   <crs:Exposure2012/>
   <crs:ToneCurvePV2012>
    <rdf:Seq>
     <rdf:li>0, 0</rdf:li>
     <rdf:li crs:Temperature="7">255, 255</rdf:li>
    </rdf:Seq>
   </crs:ToneCurvePV2012>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""


def properties(sidecar: bytes) -> dict[str, str | None]:
    """The camera-raw-settings that the descriptions of ``sidecar`` have, by Python's own parser."""
    found: dict[str, str | None] = {}
    for description in ET.fromstring(sidecar).iter(f"{{{RDF}}}Description"):
        found |= description.attrib
        found |= {child.tag: child.text for child in description}
    return {key.removeprefix(f"{{{CRS}}}"): value for key, value in found.items() if CRS in key}


def test_a_new_sidecar_has_the_settings_and_what_makes_them_count() -> None:
    assert properties(merge(SETTINGS)) == {
        "WhiteBalance": "Custom",
        "Temperature": "3150",
        "Tint": "-7",
        "Exposure2012": "+0.45",
        "ProcessVersion": "11.0",
        "HasSettings": "True",
    }


def test_merging_changes_the_four_settings_and_not_one_byte_more() -> None:
    expected = (
        LIGHTROOM.replace(b"'As Shot'", b'"Custom"')
        .replace(b'crs:Temperature="5500"', b'crs:Temperature="3150"')
        .replace(b"<crs:Tint>+4<", b"<crs:Tint>-7<")
        .replace(b"<crs:Exposure2012/>", b"<crs:Exposure2012>+0.45</crs:Exposure2012>")
    )
    assert merge(SETTINGS, LIGHTROOM) == expected


def test_merging_twice_is_merging_once() -> None:
    for existing in (b"", LIGHTROOM):
        once = merge(SETTINGS, existing)
        assert merge(SETTINGS, once) == once


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_of_any_script_and_encoding_stays(encoding: str) -> None:
    before = f'<r:RDF xmlns:r="{RDF}"><r:Description dc:t="Zoë 花嫁 🎉" xmlns:dc="d"/></r:RDF>'
    after = merge(SETTINGS, before.encode(encoding)).decode(encoding)
    assert "Zoë 花嫁 🎉" in after
    assert properties(after.encode())["Temperature"] == "3150"


def test_a_prefix_that_is_taken_is_not_taken_again() -> None:
    before = f'<r:RDF xmlns:r="{RDF}"><r:Description xmlns:crs="x" crs:Tint="9"/></r:RDF>'
    after = merge(SETTINGS, before.encode())
    assert properties(after)["Tint"] == "-7"
    assert b'xmlns:crs="x" crs:Tint="9"' in after


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (LIGHTROOM[:-20], "broken XML"),
        (b"\x00\x01\x02", "broken XML"),
        (b"\xff\xfe\x00", "UTF-16"),
        (b"\xe9", "UTF-8"),
        (b"<a/>", "no XMP"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document type"),
        (b"<a>&b;</a>", "broken XML"),
    ],
)
def test_what_is_no_sidecar_gets_a_sentence(content: bytes, reason: str) -> None:
    with pytest.raises(PhotoError, match=rf"wedding/a\.xmp .*{reason}.*left as it is"):
        merge(SETTINGS, content, "wedding/a.xmp")


@pytest.mark.parametrize("light", [Temperature(2500, 0.0), Temperature(5200, 0.012), Temperature(9800, -0.01)])
@pytest.mark.parametrize("exposure", [-1.25, 0.0, 2.5])
def test_settings_stand_for_the_gains(light: Temperature, exposure: float) -> None:
    multipliers = light_multipliers(light.to_xy(), CAMERA)
    gains = Gains.of_factors(multipliers / multipliers.min() * 2.0**exposure)
    settings = AdobeSettings.of_gains(gains, CAMERA)
    assert settings.exposure == pytest.approx(exposure, abs=1e-9)
    # One step of tint is a third of a thousandth of Duv.
    np.testing.assert_allclose(settings.gains(CAMERA).factors, gains.factors, rtol=4e-3)


def test_the_sidecar_lies_beside_the_photo() -> None:
    assert sidecar_path(Path("a b/x.y.CR2")) == Path("a b/x.y.xmp")


@pytest.mark.requires_command("exiftool")
@pytest.mark.parametrize("existing", [b"", LIGHTROOM])
def test_another_program_reads_the_same(tmp_path: Path, existing: bytes) -> None:
    path = tmp_path / "a.xmp"
    path.write_bytes(merge(SETTINGS, existing.replace(b"a > b", b"a")))  # valid, but exiftool stumbles over that >
    command = ["exiftool", "-json", "-n", "-XMP-crs:all", "-validate", "-warning", str(path)]
    read = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)[0]
    assert "Warning" not in read
    assert (read["WhiteBalance"], read["ColorTemperature"], read["Tint"]) == ("Custom", 3150, -7)
    assert float(read["Exposure2012"]) == 0.45
    if existing:
        assert float(read["Contrast2012"]) == 12
