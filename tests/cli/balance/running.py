"""Runs ``fsynth balance`` as a user does, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FSYNTH = [sys.executable, "-W", "error", "-m", "fsynth_cli.main"]


class Done:
    """A run of the command: its exit code, what it printed, its report."""

    def __init__(self, folder: Path, arguments: list[str], *, before: Sequence[str] = ()) -> None:
        command = [*before, *FSYNTH, "balance", "--jobs", "2", *arguments]
        environment = os.environ | {"COLUMNS": "400"}
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=600, env=environment)
        self.code = done.returncode
        self.output = (done.stdout + done.stderr).decode("utf-8", "replace")
        assert "Traceback" not in self.output, self.output
        report = folder / "report.json"
        self.report: Any = json.loads(report.read_text(encoding="utf-8")) if report.exists() else None

    def statuses(self) -> dict[str, str]:
        return {os.path.basename(photo["photo"]): photo["status"] for photo in self.report["photos"]}

    def line(self, start: str) -> str:
        """The one line that begins with ``start``, a photo and what is wrong with it."""
        (line,) = [line.strip() for line in self.output.splitlines() if line.strip().startswith(f"{start}: ")]
        return line
