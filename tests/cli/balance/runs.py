"""A run of ``fsynth balance`` made up for tests of what is said of it."""

from __future__ import annotations

import datetime
import io
from pathlib import Path

import numpy as np
from PIL import Image

from fsynth_cli.balance.pictures import Pictures
from fsynth_cli.balance.record import Balance, Clipping, FaceRecord, Light, PhotoRecord, RunRecord

NOON = datetime.datetime(2026, 6, 1, 12, 0, 0)


def make_pictures(path: Path, faces: int = 1, size: tuple[int, int] = (300, 200), *, noise: bool = False) -> Path:
    """Write pictures of one photo with so many faces to ``path``: flat, or of noise, which is large in JPEG."""
    rng = np.random.default_rng(0)

    def jpeg(width: int, height: int, value: int) -> bytes:
        flat = np.full((height, width, 3), value, np.uint8)
        pixels = rng.integers(0, 255, flat.shape, np.uint8) if noise else flat
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "JPEG", quality=88)
        return stream.getvalue()

    pairs = tuple((jpeg(224, 224, 90 + i), jpeg(224, 224, 160 + i)) for i in range(faces))
    Pictures(jpeg(*size, 60), jpeg(*size, 120), pairs).save(path)
    return path


def make_face(person: int | None = 1, *, used: bool = True, deviation: float | None = 0.5) -> FaceRecord:
    return FaceRecord(
        box=(10.0, 20.0, 110.0, 160.0),
        score=0.98,
        person=person,
        used=used,
        reason="" if used else "its skin is clipped",
        skin_before=(0.9, 0.5, 0.3),
        skin_after=(0.8, 0.6, 0.5),
        skin_wanted=(0.79, 0.6, 0.52),
        deviation=deviation,
    )


def make_photo(name: str | Path, light: int | None = 1, minute: int = 0, **changes: object) -> PhotoRecord:
    """A balanced photo with one face, with ``changes`` of its fields."""
    fields: dict[str, object] = {
        "photo": Path(name),
        "status": "balanced",
        "method": "gains",
        "raw": True,
        "size": (6000, 4000),
        "taken": NOON + datetime.timedelta(minutes=minute),
        "camera": "Fine R5",
        "light_group": light,
        "faces": (make_face(),),
        "before": Balance((2.0, 1.0, 1.5), 0.0, Light(5500.0, 0.003)),
        "after": Balance((1.2, 1.0, 2.4), 0.71, Light(2856.0, -0.0021)),
        "ev": 0.71,
        "clipping": Clipping(0.001, 0.0),
        "outputs": (Path(name).with_suffix(".xmp"),),
        "seconds": 0.84,
    }
    return PhotoRecord(**(fields | changes))  # type: ignore[arg-type]


def make_run(photos: list[PhotoRecord], **changes: object) -> RunRecord:
    fields: dict[str, object] = {
        "settings": {"method": "gains", "strength": 1.0, "max_ev": None, "recursive": False},
        "photos": photos,
        "people": 1,
        "started": datetime.datetime(2026, 6, 2, 9, 30, tzinfo=datetime.UTC),
        "seconds": 83.2,
    }
    return RunRecord(**(fields | changes))  # type: ignore[arg-type]
