from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.cli.balance.builders import analysis, face

from fsynth.balance.gains import Gains
from fsynth_cli.balance.codec import from_json, to_json
from fsynth_cli.balance.journal import NAME, Journal, JournalError, Written

SETTINGS = {"method": "gains", "strength": 1.0, "max-ev": None}


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "\U0001f98a photo.dng"
    path.write_bytes(b"photo")
    return path


def result(path: Path, content: bytes = b"result") -> Written:
    return Written(path, len(content), hashlib.sha256(content).hexdigest())


def interrupted(folder: Path, photo: Path) -> None:
    """A run that saw ``photo``, noted two results, and was killed."""
    journal = Journal.open(folder, SETTINGS, resume=False)
    journal.add_analysis(dataclasses.replace(analysis("x", [face(1, Gains(np.ones(3)))]), photo=photo))
    journal.add_written(photo, [result(folder / "a.xmp"), result(folder / "a.jpg")])
    journal.close(done=False)


def test_an_analysis_survives_to_the_last_bit() -> None:
    rng = np.random.default_rng(0)
    one = dataclasses.replace(face(2, Gains(rng.uniform(0.5, 2, 3), 0.123)), features=rng.normal(size=9).astype("f4"))
    before = analysis("b/\U0001f98a.cr2", [one, dataclasses.replace(one, camera=None)], exposure=float("nan"))
    line = to_json(before)
    assert "\n" not in line
    after = from_json(line)
    assert to_json(after) == line
    assert (after.photo, after.taken, after.full_size) == (before.photo, before.taken, before.full_size)
    assert after.faces[0].features.dtype == np.float32
    assert np.array_equal(after.faces[0].camera, before.faces[0].camera)  # type: ignore[arg-type]
    assert after.faces[1].camera is None


@pytest.mark.parametrize("line", ["", "{}", "[1]", '{"is": "Analysis"}', '{"is": "spam"}', '{"is": "array"}'])
def test_other_lines_are_no_analysis(line: str) -> None:
    with pytest.raises(ValueError, match="no analysis"):
        from_json(line)


def test_a_resumed_run_knows_what_was_done(tmp_path: Path, photo: Path) -> None:
    interrupted(tmp_path, photo)
    (tmp_path / "a.xmp").write_bytes(b"result")
    journal = Journal.open(tmp_path, SETTINGS, resume=True)
    assert journal.resumed
    assert len(journal.earlier_runs) == 1
    known = journal.analysis(photo)
    assert known is not None
    assert known.photo == photo
    assert [one.is_there() for one in journal.written(photo)] == [True, False]
    (tmp_path / "a.xmp").write_bytes(b"RESULT")  # of the same size
    assert not journal.written(photo)[0].is_there()
    journal.close(done=True)
    assert not (tmp_path / NAME).exists()


def test_without_resume_it_begins_anew_but_knows_whose_leftovers_there_are(tmp_path: Path, photo: Path) -> None:
    interrupted(tmp_path, photo)
    journal = Journal.open(tmp_path, SETTINGS, resume=False)
    assert not journal.resumed
    assert journal.analysis(photo) is None
    assert journal.written(photo) == []
    assert len(journal.earlier_runs) == 1
    journal.close(done=False)
    assert (tmp_path / NAME).read_text().count("\n") == 1


def test_a_photo_that_changed_is_looked_at_again(tmp_path: Path, photo: Path) -> None:
    interrupted(tmp_path, photo)
    os.utime(photo, ns=(1, 1))
    journal = Journal.open(tmp_path, SETTINGS, resume=True)
    assert journal.analysis(photo) is None
    journal.close(done=True)


def test_every_torn_end_costs_only_what_is_torn(tmp_path: Path, photo: Path) -> None:
    interrupted(tmp_path, photo)
    path = tmp_path / NAME
    whole = path.read_bytes()
    ends = np.cumsum([len(line) for line in whole.splitlines(keepends=True)])
    for cut in [*range(0, len(whole), 97), *ends, *(ends - 1), *(ends[:-1] + 1)]:
        path.write_bytes(whole[:cut])
        journal = Journal.open(tmp_path, SETTINGS, resume=True)
        assert journal.resumed == bool(cut >= ends[0])
        assert (journal.analysis(photo) is not None) == bool(cut >= ends[1])
        assert bool(journal.written(photo)) == bool(cut >= ends[2])
        journal.add_written(photo, [result(tmp_path / "b.jpg")])
        journal.close(done=False)
        again = Journal.open(tmp_path, SETTINGS, resume=True)  # and what is added after it is found
        assert [one.path.name for one in again.written(photo)] == ["b.jpg"]
        assert len(again.earlier_runs) == 1 + bool(cut >= ends[0])
        again.close(done=False)


def test_other_options_are_not_mixed(tmp_path: Path, photo: Path) -> None:
    interrupted(tmp_path, photo)
    with pytest.raises(JournalError, match=r"The interrupted run had --strength 1.0\. Give it the same"):
        Journal.open(tmp_path, SETTINGS | {"strength": 0.5}, resume=True)
    Journal.open(tmp_path, SETTINGS, resume=True).close(done=True)  # the refusal left all as it was


def test_two_runs_at_once_are_refused(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, SETTINGS, resume=False)
    code = (
        "import sys; from pathlib import Path; from fsynth_cli.balance.journal import Journal, JournalError\n"
        "try: Journal.open(Path(sys.argv[1]), {}, resume=False)\n"
        "except JournalError as error: print(error)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    assert "Another fsynth balance is at work" in subprocess.run(command, capture_output=True, text=True).stdout
    journal.close(done=False)
    assert subprocess.run(command, capture_output=True, text=True).stdout == ""


def test_a_full_disk_leaves_no_torn_line_in_the_middle(tmp_path: Path, photo: Path) -> None:
    journal = Journal.open(tmp_path, SETTINGS, resume=False)

    class Full:
        """The journal's file on a disk with room for ten more bytes."""

        def __getattr__(self, name: str) -> object:
            return getattr(stream, name)

        def write(self, data: bytes) -> int:
            return stream.write(data[:10])

    stream = journal._stream
    journal._stream = Full()  # type: ignore[assignment]
    with pytest.raises(OSError, match="No space left"):
        journal.add_written(photo, [result(tmp_path / "lost.jpg")])
    journal._stream = stream
    journal.add_written(photo, [result(tmp_path / "kept.jpg")])
    journal.close(done=False)
    again = Journal.open(tmp_path, SETTINGS, resume=True)
    assert [one.path.name for one in again.written(photo)] == ["kept.jpg"]
    again.close(done=True)


def test_nowhere_keeps_nothing(tmp_path: Path, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    journal = Journal.nowhere()
    journal.add_analysis(analysis("x", []))
    journal.add_written(photo, [])
    journal.close(done=True)
    assert not (tmp_path / NAME).exists()
    assert not journal.resumed
