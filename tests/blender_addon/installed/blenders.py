"""Blenders as Python modules, each with the extension installed and nothing else beside Blender's own packages."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parent / "in_blender"
MODULE = "bl_ext.user_default.fsynth"

# Which variable names the interpreter. 5.2 needs Python 3.13, so it is tested where tests/morphable/reference/fetch.sh
# found one.
VARIABLES = {
    "4.2": "FSYNTH_BLENDER_PYTHON_42",
    "4.5": "FSYNTH_BLENDER_PYTHON_45",
    "5.0": "FSYNTH_BLENDER_PYTHON",
}
if "FSYNTH_BLENDER_PYTHON_52" in os.environ:
    VARIABLES["5.2"] = "FSYNTH_BLENDER_PYTHON_52"


@dataclass(frozen=True)
class Blender:
    """One Blender.

    Attributes:
        version: "4.2", ...
        python: the interpreter that has bpy.
        resources: what BLENDER_USER_RESOURCES names: preferences and extensions, a user's own.
    """

    version: str
    python: str
    resources: Path

    def run(self, script: str, *arguments: str | Path) -> Any:
        """What a script of in_blender/ writes as JSON into the file that its first argument names.

        The interpreter sees none of our variables and none of a user's own packages.
        """
        report = self.resources / f"{Path(script).stem}.json"
        report.unlink(missing_ok=True)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.resources),
            "TMPDIR": str(self.resources),
            "BLENDER_USER_RESOURCES": str(self.resources),
        }
        command = [self.python, "-E", "-s", str(SCRIPTS / script), str(report), *map(str, arguments)]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
        if run.returncode or not report.exists():
            raise AssertionError(f"{script} ended with {run.returncode}:\n{run.stdout[-4000:]}\n{run.stderr[-4000:]}")
        found = json.loads(report.read_text())
        return found | {"said": run.stdout + run.stderr}
