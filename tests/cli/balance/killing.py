"""Runs ``fsynth balance`` on a shoot of small photos, kills it again and again, and looks at what is there each time.

Also used by ``benchmarks/balance_resume.py``.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image
from tests.sdk.balance.synthetic import Shot, make_dng

from fsynth.balance.srgb import from_linear, to_linear
from fsynth.balance.temperature import Temperature

COMMAND = [sys.executable, "-m", "fsynth_cli.main", "balance"]
SIDE = 288
ORPHANS = 30.0  # seconds that processes may go on after the one that started them was killed

Seen = dict[str, tuple[int, int, str]]
"""Result -> its inode, time of change in ns, sha256."""


def make_shoot(folder: Path, portrait: Path, count: int, rng: np.random.Generator) -> dict[str, str]:
    """``count`` photos of one person, no two alike, by turns DNG and JPEG; the sha256 of each, by name."""
    folder.mkdir(parents=True)
    picture = Image.open(portrait).convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    for number in range(count):
        path = folder / f"{number:04}"
        if number % 2:
            light = to_linear(np.asarray(picture)) * rng.uniform(0.4, 1.0, 3).astype(np.float32)
            Image.fromarray(from_linear(light)).save(path.with_suffix(".jpg"), quality=95)
        else:
            taken = datetime.datetime(2026, 6, 1, 9) + datetime.timedelta(seconds=30 * number)
            shot = Shot(Temperature(rng.uniform(2800, 8000), 0.002), rng.uniform(-1.5, 0.0), taken=taken)
            make_dng(path.with_suffix(".dng"), np.asarray(picture), shot, number)
    return originals(folder)


def originals(folder: Path) -> dict[str, str]:
    """The sha256 of each photo in ``folder``, by name."""
    return {path.name: _sha256(path) for path in sorted(folder.iterdir()) if path.suffix in {".dng", ".jpg"}}


def expected(folder: Path, names: list[str]) -> list[Path]:
    """The results that the photos ``names`` in ``folder`` get by default."""
    return [
        folder / "balanced" / name if name.endswith(".jpg") else (folder / name).with_suffix(".xmp") for name in names
    ]


def look(results: list[Path], folder: Path) -> Seen:
    """What of ``results`` is there."""
    seen: Seen = {}
    for path in results:
        if path.exists():
            status = path.stat()
            seen[str(path.relative_to(folder))] = (status.st_ino, status.st_mtime_ns, _sha256(path))
    return seen


def leftovers(folder: Path) -> list[str]:
    """Temporary files and journals in ``folder`` and below."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob(".*"))


@dataclass
class Story:
    """What happened until the run was through.

    Attributes:
        kills: how many results were there at each kill.
        changed: results that were another file, or had another content, after a later run.
        output: what the last run printed.
        report: what it reported.
    """

    kills: list[int] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    output: str = ""
    report: dict[str, object] = field(default_factory=dict)


def run_killed(
    folder: Path, results: list[Path], rng: np.random.Generator, *, kills: int, wait: tuple[float, float], jobs: int = 2
) -> Story:
    """Run ``fsynth balance --resume`` until it ends by itself, killed with SIGKILL at random, at most ``kills`` times.

    By turns after a random time within ``wait`` seconds, and when a random number of further results has appeared; by
    turns the one process, whose helpers have to notice, and all of them.

    Raises:
        AssertionError: helpers go on without the one that started them, or the last run fails.
    """
    story, seen = Story(), Seen()
    report = folder.parent / "report.json"
    command = [*COMMAND, "--resume", "--jobs", str(jobs), "--report", str(report), "--overwrite"]
    while True:
        last = len(story.kills) == kills
        process = subprocess.Popen(
            [*command, str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        if not last:
            more, seconds = rng.integers(1, max(2, len(results) // kills)), rng.uniform(*wait)
            by_results = len(story.kills) % 2 == 1
            _wait(process, results, len(seen) + more if by_results else math.inf, math.inf if by_results else seconds)
        if last or process.poll() is not None:
            story.output, _ = process.communicate(timeout=3600)
            assert process.returncode == 0, story.output
            _compare(seen, look(results, folder), story)
            story.report = json.loads(report.read_text(encoding="utf-8"))
            return story
        (os.kill if len(story.kills) % 3 else os.killpg)(process.pid, signal.SIGKILL)
        process.wait()
        _no_orphans(process.pid)
        process.communicate()
        now = look(results, folder)
        _compare(seen, now, story)
        story.kills.append(len(now))
        seen = now


def _wait(process: subprocess.Popen[str], results: list[Path], enough: float, seconds: float) -> None:
    """Until ``enough`` results are there, ``seconds`` have passed, or the process has ended."""
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end and sum(path.exists() for path in results) < enough:
        time.sleep(0.005)


def _compare(before: Seen, now: Seen, story: Story) -> None:
    story.changed += [name for name, state in before.items() if now.get(name) != state]


def _no_orphans(session: int) -> None:
    """Wait until no process of ``session`` is left."""
    end = time.monotonic() + ORPHANS
    while left := _session(session):
        if time.monotonic() > end:
            os.killpg(session, signal.SIGKILL)
            raise AssertionError(
                f"{len(left)} processes go on {ORPHANS:.0f} s after the one that started them was killed"
            )
        time.sleep(0.05)


def _session(session: int) -> list[int]:
    """The processes of a session (Linux) that are no zombies."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = Path("/proc", entry, "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(entry))
    return found


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
