"""Shows how far a long command is."""

from __future__ import annotations

import time

import click


class Steps:
    """One line on a terminal's standard error that counts the items of one step after the other."""

    def __init__(self, *, hidden: bool) -> None:
        """``hidden`` shows nothing, as where standard error is no terminal."""
        self._hidden = hidden
        self._step = ""
        self._started = self._drawn = 0.0

    def show(self, step: str, done: int, total: int) -> None:
        """Show that ``done`` of the ``total`` items of ``step`` are done."""
        now = time.monotonic()
        if step != self._step:
            self.end()
            self._step, self._started, self._drawn = step, now, 0.0
        if self._hidden or (done < total and now - self._drawn < 0.2):
            return
        self._drawn = now
        left = (now - self._started) / done * (total - done) if done else 0.0
        remaining = f", {left / 60:.0f} min left" if left >= 90 else ""
        click.echo(f"\r{step}: {done} of {total}{remaining}\x1b[K", nl=False, err=True)

    def end(self) -> None:
        """End the line of the step that is shown, if any."""
        if self._step and not self._hidden:
            click.echo(err=True)
        self._step = ""
