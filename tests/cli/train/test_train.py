"""The group ``fsynth train``."""

from __future__ import annotations

from collections.abc import Callable

from click.testing import Result

from fsynth_cli.train import COMMANDS


def test_help_lists_every_command_with_its_line(run: Callable[..., Result]) -> None:
    result = run("train", "--help")

    assert result.exit_code == 0
    lines = result.output.split("Commands:\n")[1].splitlines()
    assert [line.split()[0] for line in lines] == ["prepare", "augment", "fit", "evaluate", "export"]
    assert [line.split(maxsplit=1)[1] for line in lines] == list(COMMANDS.values())


def test_an_unknown_command_is_a_usage_error(run: Callable[..., Result]) -> None:
    result = run("train", "prepair")

    assert result.exit_code == 2
    assert "No such command 'prepair'" in result.stderr


def test_the_line_of_prepare_is_its_own(run: Callable[..., Result]) -> None:
    from fsynth_cli.train.prepare import prepare

    assert prepare.get_short_help_str(limit=100) == COMMANDS["prepare"]
