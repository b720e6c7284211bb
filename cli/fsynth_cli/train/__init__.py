"""``fsynth train``: from photographs or identity features to weights. Commands are imported when they are named."""

from __future__ import annotations

import importlib

import click

COMMANDS = {
    "prepare": "A folder of photographs to a training dataset.",
    "augment": "Random morphs of a dataset, on many backgrounds.",
    "fit": "Train a decoder on a dataset.",
    "evaluate": "Measure weights as the paper's figures do.",
    "export": "A trained decoder to weights that fsynth.load opens.",
}
"""In the order they are used, with their line in the help. Command ``name`` is the function ``name`` of the module
``fsynth_cli.train.name``."""


class TrainGroup(click.Group):
    """A group that imports a command when that command is asked for, and none to list them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of ``COMMANDS``."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command ``cmd_name``, or None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(f"fsynth_cli.train.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by ``COMMANDS``, so that none of their modules is imported."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=TrainGroup, short_help="From photographs to weights.")
def train() -> None:
    """Train a decoder of your own: on your photographs, or on identity features of your own.

    The commands follow each other: prepare, augment, fit, evaluate, export.
    """
