"""What a run has done so far, line by line, so that ``--resume`` can go on with it after anything.

A line is JSON and is only ever appended; the last may be torn. The order makes every moment safe: results are written
to temporary files first, then noted here and brought to the disk, and only then given their names. A file that has its
name and the hash noted is done, whatever happened next.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any

from fsynth.errors import FsynthError
from fsynth_cli.balance.analysis import Analysis
from fsynth_cli.balance.codec import from_json, to_json

NAME = ".fsynth-balance.journal"
"""Of the file, in the folder of the results, or of the first photo where results go beside photos."""

_VERSION = 1


class JournalError(FsynthError):
    """The journal is another run's: one that is going on, or one with other options."""


@dataclass(frozen=True)
class Written:
    """A result of a photo.

    Attributes:
        path: its name.
        size, sha256: of its content.
    """

    path: Path
    size: int
    sha256: str

    def is_there(self) -> bool:
        """Whether the file has its name and is whole."""
        try:
            if self.path.stat().st_size != self.size:
                return False
            with self.path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest() == self.sha256
        except OSError:
            return False


@dataclass
class _Contents:
    """What the journal of an interrupted run says."""

    settings: Mapping[str, object] | None = None
    runs: list[str] = field(default_factory=list)
    analyses: dict[str, tuple[list[int], str]] = field(default_factory=dict)
    written: dict[str, list[Written]] = field(default_factory=dict)
    end: int = 0  # offset behind the last whole line


class Journal:
    """An open journal. Photos are known by their absolute path, size and time of change."""

    def __init__(self, path: Path, stream: FileIO | None, contents: _Contents) -> None:
        """Use ``open``. Without a ``stream`` nothing is kept."""
        self._path = path
        self._stream = stream
        self._contents = contents
        self.run = uuid.uuid4().hex[:12]

    @classmethod
    def open(cls, folder: Path, settings: Mapping[str, object], *, resume: bool) -> Journal:
        """Begin a run, or go on with the one whose journal is in ``folder``.

        Args:
            folder: made if missing.
            settings: the options that decide what is written, as JSON's types.
            resume: whether to go on.

        Raises:
            JournalError: another run is going on in this folder, or the interrupted one had other options.
            OSError: the journal can't be written.
        """
        path = folder / NAME
        folder.mkdir(parents=True, exist_ok=True)
        stream: FileIO = os.fdopen(
            os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644), "r+b", buffering=0
        )
        try:
            if not _lock(stream):
                raise JournalError(f"Another fsynth balance is at work in {folder}. Let it finish first.")
            contents = _read(stream)
            if not resume:
                contents = _Contents(runs=contents.runs)
            elif contents.settings is not None and dict(contents.settings) != dict(settings):
                raise JournalError(_difference(contents.settings, settings))
            stream.truncate(contents.end)
            stream.seek(contents.end)
            journal = cls(path, stream, contents)
            journal._append({"run": journal.run, "version": _VERSION, "settings": dict(settings)}, durable=True)
        except BaseException:
            stream.close()
            raise
        return journal

    @classmethod
    def nowhere(cls) -> Journal:
        """One that keeps nothing."""
        return cls(Path(), None, _Contents())

    @property
    def resumed(self) -> bool:
        """Whether there was a run to go on with."""
        return self._contents.settings is not None

    @property
    def earlier_runs(self) -> list[str]:
        """The names of the runs that were interrupted."""
        return self._contents.runs

    def analysis(self, photo: Path) -> Analysis | None:
        """The analysis of ``photo``, if it is there and the photo hasn't changed."""
        entry = self._contents.analyses.get(_key(photo))
        if entry is None or entry[0] != _state(photo):
            return None
        try:
            return from_json(entry[1])
        except ValueError:
            return None

    def written(self, photo: Path) -> list[Written]:
        """The results of ``photo`` that are noted; whether they are there is another question."""
        return self._contents.written.get(_key(photo), [])

    def add_analysis(self, analysis: Analysis) -> None:
        """Note what was seen in a photo."""
        entry = {"photo": _key(analysis.photo), "state": _state(analysis.photo), "analysis": to_json(analysis)}
        self._append(entry, durable=False)

    def add_written(self, photo: Path, results: list[Written]) -> None:
        """Note the results of ``photo`` before they get their names.

        Raises:
            OSError: the disk is full.
        """
        entries = [{"path": os.path.abspath(one.path), "size": one.size, "sha256": one.sha256} for one in results]
        self._append({"photo": _key(photo), "written": entries}, durable=True)

    def close(self, *, done: bool) -> None:
        """End the run; if it is ``done`` there is nothing to go on with, and the journal goes."""
        if self._stream is None:
            return
        if done and os.name == "posix":  # elsewhere an open file can't be removed
            self._path.unlink(missing_ok=True)
        self._stream.close()
        if done and os.name != "posix":
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
        self._stream = None

    def _append(self, entry: dict[str, Any], *, durable: bool) -> None:
        if self._stream is None:
            return
        start = self._stream.tell()
        try:
            line = json.dumps(entry).encode() + b"\n"
            if self._stream.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
            if durable:
                os.fsync(self._stream.fileno())
        except OSError:
            with contextlib.suppress(OSError):  # a torn line in the middle would hide those behind it
                self._stream.seek(start)
                self._stream.truncate(start)
            raise


def _read(stream: FileIO) -> _Contents:
    contents = _Contents()
    stream.seek(0)
    for line in stream.readall().splitlines(keepends=True):
        try:
            entry = json.loads(line) if line.endswith(b"\n") else None
            if not isinstance(entry, dict):
                break
            if "run" in entry:
                if entry["version"] != _VERSION:
                    break
                contents.settings = entry["settings"]
                contents.runs.append(entry["run"])
            elif "analysis" in entry:
                contents.analyses[entry["photo"]] = (entry["state"], entry["analysis"])
            else:
                contents.written[entry["photo"]] = [
                    Written(Path(one["path"]), one["size"], one["sha256"]) for one in entry["written"]
                ]
        except (ValueError, KeyError, TypeError):
            break
        contents.end += len(line)
    return contents


def _difference(before: Mapping[str, object], now: Mapping[str, object]) -> str:
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    options = ", ".join(f"--{name.replace('_', '-')} {before.get(name)}" for name in names)
    return f"The interrupted run had {options}. Give it the same options to go on, or leave out --resume."


def _key(photo: Path) -> str:
    return os.path.abspath(photo)


def _state(photo: Path) -> list[int]:
    try:
        status = photo.stat()
    except OSError:
        return []
    return [status.st_size, status.st_mtime_ns]


def _lock(stream: FileIO) -> bool:
    """Lock the file for this process, until it ends in whatever way; False if another one has it."""
    try:
        if os.name == "nt":
            import msvcrt

            stream.seek(1 << 40)  # beyond what is written, which others may then still read
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except PermissionError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
