"""A run of ``fsynth balance``, from the photos to their results: look at all, solve, write."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fsynth.balance.colour_science import colour
from fsynth.errors import FsynthError
from fsynth_cli.balance import memory, records
from fsynth_cli.balance.analysis import Analysis
from fsynth_cli.balance.jobs import Jobs
from fsynth_cli.balance.journal import Journal
from fsynth_cli.balance.output import Draft, Made, make_sidecar, name_drafts, remove_drafts, temporary_name
from fsynth_cli.balance.photos import Search
from fsynth_cli.balance.plan import Plan, make_plans, refusal
from fsynth_cli.balance.record import PhotoRecord
from fsynth_cli.balance.reference import UnfitReferenceError, make_reference
from fsynth_cli.balance.settings import Settings
from fsynth_cli.balance.solution import Solution
from fsynth_cli.balance.solving import Reference, ShootSolution, solve_photos
from fsynth_cli.balance.work import Analyse, Draw, Finish, start, work
from fsynth_cli.outputs import OutputError

_USUAL_PIXELS = 24_000_000  # of a photo, until it is known
_FULL_STEPS = 4  # of the progress bar, for a RAW photo decoded in full; looking at one is 1
_REFERENCE = -1  # number of the reference where it isn't one of the photos


@dataclass
class Run:
    """A run and what has come of it so far; photos are known by their number in ``search``.

    Attributes:
        settings: the options.
        search: the photos.
        journal: what is noted for ``--resume``.
        sketches: folder for the contact sheet's pictures; None without one.
        most_jobs: processes at most; None for one a processor.
        dry_run: write nothing.
        progress: called with steps that are done; ``steps`` counts all of them.
        records: what became of each photo.
        people: how many were found; None if faces were not grouped.
        unwritten: whether a result couldn't be written, which ``--resume`` may mend.
    """

    settings: Settings
    search: Search
    journal: Journal
    sketches: Path | None = None
    most_jobs: int | None = None
    dry_run: bool = False
    progress: Callable[[int], None] = lambda _: None
    records: dict[int, PhotoRecord] = field(default_factory=dict)
    people: int | None = None
    unwritten: bool = False
    plans: list[Plan] = field(default_factory=list)
    _done: dict[int, tuple[Path, ...]] = field(default_factory=dict)  # results of the interrupted run
    _analyses: dict[int, Analysis] = field(default_factory=dict)
    _reference: int | None = None

    def prepare(self) -> None:
        """Find out what there is to do, and what may not be done."""
        self.plans = make_plans(self.search.photos, self.settings)
        if not self.dry_run:
            remove_drafts(self.journal.earlier_runs, {path.parent for plan in self.plans for path in plan.outputs})
        if self.settings.reference is not None:
            real = os.path.realpath(self.settings.reference)
            same = (n for n, plan in enumerate(self.plans) if os.path.realpath(plan.photo) == real)
            self._reference = next(same, _REFERENCE)
        for number, plan in enumerate(self.plans):
            whole = {one.path for one in self.journal.written(plan.photo) if one.is_there()}
            self._done[number] = tuple(path for path in plan.outputs if Path(os.path.abspath(path)) in whole)
            self.plans[number] = plan = replace(
                plan,
                sidecar=None if plan.sidecar in self._done[number] else plan.sidecar,
                finished=None if plan.finished in self._done[number] else plan.finished,
            )
            if number != self._reference and (problem := refusal(plan, self.settings)):
                self.records[number] = records.failed(plan.photo, problem, plan.warnings)

    @property
    def steps(self) -> int:
        """How many steps there are."""
        left = [plan for number, plan in enumerate(self.plans) if number not in self.records]
        return len(left) + sum(_steps(plan) for plan in left if plan.finished is not None and not self.dry_run)

    def execute(self) -> None:
        """Do everything.

        Raises:
            UnfitReferenceError: the reference can't be read, or shows no face.
            FsynthError: the shoot has no solution.
        """
        # It takes seconds to import, which the processes work through.
        threading.Thread(target=colour, daemon=True).start()
        with self._open_jobs() as jobs:
            self._look(jobs)
            numbers = [number for number in sorted(self._analyses) if number != self._reference]
            photos = [self._analyses[number] for number in numbers]
            try:
                shoot = solve_photos(photos, self.settings, self._make_reference())
            except FsynthError as error:
                if self._reference is None:
                    raise
                raise UnfitReferenceError(str(error)) from error
            if shoot.people is not None:
                self.people = len({person for own in shoot.people for person in own})
            for row, number in enumerate(numbers):
                self.records[number] = records.solved(photos[row], row, shoot, photos, self.settings)
            self._write(jobs, numbers, shoot)
            self._draw(jobs, numbers, shoot)

    def _open_jobs(self) -> Jobs:
        tasks = len(self.plans) - len(self.records) + 1
        return Jobs(memory.processes(self.most_jobs, tasks, _USUAL_PIXELS, full=False), start, work)

    def _look(self, jobs: Jobs) -> None:
        wanted = {n: plan.photo for n, plan in enumerate(self.plans) if n not in self.records}
        if self._reference == _REFERENCE and self.settings.reference is not None:
            wanted[_REFERENCE] = self.settings.reference
        for number, photo in wanted.items():
            # The pictures of the contact sheet are not in the journal.
            if self.sketches is None and (known := self.journal.analysis(photo)) is not None:
                self._analyses[number] = known
                self.progress(1)
        tasks = [
            Analyse(number, wanted[number], self.settings, self._sketch(number))
            for number in sorted(wanted, key=lambda number: number != self._reference)
            if number not in self._analyses
        ]
        with contextlib.closing(jobs.run(tasks)) as outcomes:
            for outcome in outcomes:
                number = outcome.task.number
                if outcome.error is None:
                    self._analyses[number] = outcome.value
                    with contextlib.suppress(OSError):  # a full disk: it costs the time of looking again
                        self.journal.add_analysis(outcome.value)
                elif number == self._reference:
                    raise UnfitReferenceError(_reason(outcome.task.photo, outcome.error))
                else:
                    self._fail(number, outcome.error)
                self.progress(1)

    def _make_reference(self) -> Reference | None:
        if self._reference is None:
            return None
        analysis = self._analyses[self._reference]
        if self._reference != _REFERENCE:
            record = replace(records.seen(analysis, self.settings), reason="It is the reference and stays as it is.")
            self.records[self._reference] = record
        return make_reference(analysis)

    def _write(self, jobs: Jobs, numbers: Sequence[int], shoot: ShootSolution) -> None:
        """Write the results, or in a dry run say which they would be."""
        tasks = []
        for row, number in enumerate(numbers):
            plan, solution = self.plans[number], shoot.photos[row]
            if solution is None:
                self.progress(0 if plan.finished is None else _steps(plan))
                continue
            record = replace(self.records[number], outputs=(*self._done[number], *plan.outputs))
            self.records[number] = records.with_warnings(record, plan.warnings)
            if self.dry_run or not plan.outputs:
                continue
            if plan.finished is None:
                self._finish(number, [], solution)
            else:
                temporary = temporary_name(self.journal.run, number, plan.finished)
                tasks.append(Finish(number, plan, solution, self.settings, temporary))
        pixels = max((width * height for width, height in (a.full_size for a in self._analyses.values())), default=0)
        most = memory.processes(self.most_jobs, max(len(tasks), 1), pixels, full=True)
        try:
            with contextlib.closing(jobs.run(tasks, most)) as outcomes:
                for outcome in outcomes:
                    number = outcome.task.number
                    if outcome.error is None:
                        self._made(number, outcome.value, outcome.task.solution)
                    else:
                        self._fail(number, outcome.error)
                    self.progress(_steps(outcome.task.plan))
        finally:
            remove_drafts([self.journal.run], {task.temporary.parent for task in tasks})

    def _made(self, number: int, made: Made, solution: Solution) -> None:
        record = self.records[number]
        record = replace(record, seconds=record.seconds + made.seconds)
        self.records[number] = records.with_warnings(record, made.warnings)
        self._finish(number, made.drafts, solution)

    def _finish(self, number: int, drafts: list[Draft], solution: Solution) -> None:
        """Add the sidecar to ``drafts``, note them, and give them their names."""
        plan = self.plans[number]
        try:
            if plan.sidecar is not None:
                temporary = temporary_name(self.journal.run, number, plan.sidecar)
                assert solution.gains is not None  # Eq. 4 has no sidecar
                drafts = [*drafts, make_sidecar(plan, solution.gains, self._analyses[number].xyz_to_camera, temporary)]
            if problem := refusal(plan, self.settings):  # since the run began
                raise OutputError(problem)
            earlier = [one for one in self.journal.written(plan.photo) if one.is_there()]
            self.journal.add_written(plan.photo, [*earlier, *(draft.result for draft in drafts)])
            name_drafts(drafts)
        except FsynthError as error:
            self._fail(number, error)
        except OSError as error:
            self._fail(number, OutputError(f"Its result can't be written ({error.strerror or error})."))
        finally:
            for draft in drafts:
                with contextlib.suppress(OSError):
                    draft.temporary.unlink(missing_ok=True)

    def _draw(self, jobs: Jobs, numbers: Sequence[int], shoot: ShootSolution) -> None:
        if self.sketches is None:
            return
        solutions = dict(zip(numbers, shoot.photos, strict=True))
        shown = [number for number in self._analyses if number in self.records]
        tasks = [Draw(number, self._sketch(number) or Path(), solutions.get(number)) for number in shown]
        with contextlib.closing(jobs.run(tasks)) as outcomes:
            for outcome in outcomes:
                if outcome.error is None:
                    number = outcome.task.number
                    self.records[number] = replace(self.records[number], pictures=outcome.task.sketch)

    def _sketch(self, number: int) -> Path | None:
        return None if self.sketches is None else self.sketches / f"{number}.npz"

    def _fail(self, number: int, error: FsynthError) -> None:
        self.unwritten |= isinstance(error, OutputError)
        photo = self.plans[number].photo
        known = self.records.get(number, PhotoRecord(photo, "failed"))
        self.records[number] = replace(known, status="failed", reason=_reason(photo, error), outputs=self._done[number])


def _steps(plan: Plan) -> int:
    return _FULL_STEPS if plan.raw else 1


def _reason(photo: Path, error: FsynthError) -> str:
    text = str(error)
    return text if str(photo) in text else f"{photo}: {text}"
