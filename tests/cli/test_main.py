from __future__ import annotations

import json
import subprocess
import sys

import pytest

from fsynth.version import __version__

HEAVY = {"numpy", "onnxruntime", "PIL", "tensorflow", "keras", "scipy", "onnx"}


def modules_after(arguments: list[str]) -> tuple[str, set[str]]:
    """What ``fsynth`` prints with ``arguments``, and the top-level packages it has imported by then."""
    code = (
        "import json, sys\n"
        "from fsynth_cli.main import main\n"
        f"main({arguments!r}, standalone_mode=False)\n"
        "print('\\n' + json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    printed, _, modules = done.stdout.rstrip().rpartition("\n")
    return printed, set(json.loads(modules))


@pytest.mark.parametrize("command", [[], ["normalize"], ["balance"], ["train"], ["doctor"]])
def test_help_imports_nothing_heavy(command: list[str]) -> None:
    printed, modules = modules_after([*command, "--help"])
    assert "Usage:" in printed
    assert not modules & HEAVY


def test_help_lists_every_command(run) -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.output.split("Commands:\n")[1].splitlines()] == [
        "normalize",
        "avatar",
        "balance",
        "models",
        "explore",
        "train",
        "doctor",
    ]


def test_version(run) -> None:
    assert run("--version").output == f"fsynth, version {__version__}\n"


def test_unknown_command_is_a_usage_error(run) -> None:
    result = run("normalise")
    assert result.exit_code == 2
    assert "No such command 'normalise'" in result.stderr
