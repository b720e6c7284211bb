"""What is to be said of photos: of nearly all of them once, of one of them beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from fsynth_cli.balance.names import without_name
from fsynth_cli.balance.record import PhotoRecord

_FEWEST = 3  # photos of which something may be common


def remarks_of(photo: PhotoRecord) -> list[str]:
    """Sentences about ``photo``, without its name: its warnings, and why it was left out."""
    return [without_name(sentence, photo.photo) for sentence in (*photo.warnings, photo.reason) if sentence]


def common_remarks(photos: Sequence[PhotoRecord]) -> list[str]:
    """Those that most of ``photos`` have: of a camera or a format, not of a photo."""
    counts = Counter(sentence for photo in photos for sentence in remarks_of(photo))
    return [sentence for sentence, count in counts.items() if count >= max(_FEWEST, len(photos) * 2 / 3)]


def is_to_look_at(photo: PhotoRecord, common: Iterable[str]) -> bool:
    """Whether a photographer should check it: something is to be said of it, or its own faces did not balance it."""
    return photo.status != "balanced" or any(sentence not in common for sentence in remarks_of(photo))
