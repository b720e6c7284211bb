"""The ``fsynth`` command. Commands are imported when they are named, and heavy packages when a command runs."""

from __future__ import annotations

import importlib

import click

from fsynth.version import __version__

COMMANDS = ("normalize", "avatar", "balance", "models", "explore", "train", "doctor")
"""In the order of ``fsynth --help``. Command ``name`` is the function ``name`` of the module ``fsynth_cli.name``."""


class LazyGroup(click.Group):
    """A group that imports the module of a command when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of ``COMMANDS``."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command ``cmd_name``, or None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(f"fsynth_cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="fsynth")
def main() -> None:
    """Turn photographs of people into normalized faces: frontal, neutral, evenly lit.

    Everything happens on this machine; no photo leaves it.
    """


if __name__ == "__main__":
    main()
