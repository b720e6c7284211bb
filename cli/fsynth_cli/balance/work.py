"""What the processes of ``jobs`` do for ``fsynth balance``: the tasks, and the networks that they share."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fsynth_cli.balance.settings import Settings

if TYPE_CHECKING:
    from fsynth.normalizer import Normalizer
    from fsynth_cli.balance.analysis import Analysis
    from fsynth_cli.balance.output import Made
    from fsynth_cli.balance.plan import Plan
    from fsynth_cli.balance.solution import Solution


@dataclass(frozen=True)
class Analyse:
    """Look at the photo ``number``; ``sketch``: file for what the contact sheet needs, None for none."""

    number: int
    photo: Path
    settings: Settings
    sketch: Path | None

    def run(self) -> Analysis:
        """See ``analysis.analyse``."""
        from fsynth_cli.balance.analysis import analyse

        return analyse(self.photo, self.settings, _normalizer(), self.sketch)


@dataclass(frozen=True)
class Finish:
    """Make the finished picture of the photo ``number`` in the file ``temporary``."""

    number: int
    plan: Plan
    solution: Solution
    settings: Settings
    temporary: Path

    def run(self) -> Made:
        """See ``output.make_finished``."""
        from fsynth_cli.balance.output import make_finished

        return make_finished(self.plan, self.solution, self.settings, self.temporary)


@dataclass(frozen=True)
class Draw:
    """Make the pictures for the contact sheet of the photo ``number`` from its sketch."""

    number: int
    sketch: Path
    solution: Solution | None

    def run(self) -> None:
        """See ``sketch.make_pictures``."""
        from fsynth_cli.balance.sketch import make_pictures

        make_pictures(self.sketch, self.solution)


Task = Analyse | Finish | Draw


def start() -> None:
    """Prepare a process."""
    from fsynth import networks

    networks.limit_threads(1)


def work(task: Task) -> object:
    """Run a task."""
    return task.run()


@functools.cache
def _normalizer() -> Normalizer:
    import fsynth

    return fsynth.load()
