"""What tests may need besides the checkout, and the rule that CI skips nothing that it could run.

    @pytest.mark.requires_shared            the data folder ../shared; the fixture ``shared`` gives its path
    @pytest.mark.requires_extra("train")    the packages of an extra of fsynth
    @pytest.mark.requires_command("node")   a program on the PATH

A test whose need is missing is skipped with a reason that names it. With FSYNTH_CI=1, which .ci/run sets after it has
installed all of these, every skip counts as a failure, whatever made it; only ../shared may be missing there.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import pytest

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"

# A package that comes with this extra and without it does not.
EXTRAS = {
    "tensorflow": "tensorflow",
    "train": "scipy",
    "balance": "rawpy",
    "beam": "apache_beam",
    "heif": "pillow_heif",
    "mesh": "pygltflib",
    "models": "open3d",
    "blender": "bpy",
}

NO_SHARED = "needs the data folder ../shared beside the checkout"

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def astronaut() -> Path:
    """The example photo: one face, 512 x 512 pixels, JPEG."""
    return ROOT / "examples" / "astronaut.jpg"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The data folder ../shared. Skips the test where there is none."""
    if not SHARED.is_dir():
        pytest.skip(NO_SHARED)
    return SHARED


def pytest_configure() -> None:
    """Let tests interrupt what they start, also where a shell started pytest in the background and ignores SIGINT."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("requires_shared") and not SHARED.is_dir():
        pytest.skip(NO_SHARED)
    for mark in item.iter_markers("requires_extra"):
        for extra in mark.args:
            if extra == "blender" and os.environ.get("FSYNTH_BLENDER_PYTHON"):
                continue  # it is there, for another interpreter
            if importlib.util.find_spec(EXTRAS[extra]) is None:
                pytest.skip(f'needs pip install "fsynth[{extra}]"')
    for mark in item.iter_markers("requires_command"):
        for command in mark.args:
            if shutil.which(command) is None:
                pytest.skip(f"needs the program {command}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return fail_if_skipped_in_ci((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return fail_if_skipped_in_ci((yield))


def fail_if_skipped_in_ci(report: Report) -> Report:
    """Turn a skip into a failure where FSYNTH_CI=1; expected failures and a missing ../shared stay what they are."""
    if os.environ.get("FSYNTH_CI") == "1" and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if NO_SHARED not in reason:
            report.outcome = "failed"
            report.longrepr = f"{report.nodeid} was skipped, which CI does not allow: {reason}"
    return report
