"""The manifest of a folder of shards: which are whole, and of what. It is what tells a shard from half a shard."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fsynth_training.augment.errors import AugmentError

VERSION = 1
FILE = "manifest.json"


@dataclass(frozen=True)
class Shard:
    """A finished shard: number, file, its morphs ``first``..``first + records``, and the file's size and hash."""

    number: int
    file: str
    first: int
    records: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a folder of shards holds.

    Attributes:
        dataset: fingerprint of the dataset.
        config: the settings, as JSON has them.
        count: morphs that are to be there when all is done.
        size: S. landmarks: L. feature_width: W, 0 without features.
        shards: the finished ones by number.
    """

    dataset: str
    config: Mapping[str, Any]
    count: int
    size: int
    landmarks: int
    feature_width: int
    shards: Mapping[int, Shard]

    @property
    def shard_size(self) -> int:
        """Morphs in every shard but perhaps the last."""
        return int(self.config["shard_size"])

    def plan(self) -> list[tuple[int, int]]:
        """(first morph, number of morphs) of each shard."""
        size = self.shard_size
        return [(start, min(size, self.count - start)) for start in range(0, self.count, size)]

    def missing(self) -> list[int]:
        """Numbers of the shards that are not finished."""
        plan = enumerate(self.plan())
        return [n for n, (_, records) in plan if n not in self.shards or self.shards[n].records != records]

    def write(self, folder: Path) -> None:
        """Replace the manifest in ``folder``."""
        content = {"version": VERSION} | asdict(self)
        content["shards"] = [asdict(self.shards[number]) for number in sorted(self.shards)]
        beside = folder / f"{FILE}.partial"
        beside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        os.replace(beside, folder / FILE)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest in ``folder``, None if there is none.

    Raises:
        AugmentError: it is damaged, or of another version.
    """
    path = folder / FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        version = content.pop("version")
        if version == VERSION:
            shards = {entry["number"]: Shard(**entry) for entry in content.pop("shards")}
            return Manifest(**content, shards=shards)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AugmentError(f"{path} is damaged ({error}). Delete it and make the shards again.") from error
    raise AugmentError(
        f"{path} is of version {version}, and this fsynth reads version {VERSION}. Make the shards again."
    )


def is_whole(folder: Path, shard: Shard) -> bool:
    """Whether the file of ``shard`` is as it was written. Reads all of it."""
    path = folder / shard.file
    try:
        return path.stat().st_size == shard.bytes and sha256_of(path) == shard.sha256
    except OSError:
        return False


def sha256_of(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
