"""``fsynth doctor``: what is installed, what works, and what to do about the rest."""

from __future__ import annotations

import functools
import json
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import click

from fsynth.errors import FsynthError
from fsynth.version import __version__

NEEDED = (("numpy",), ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml"), ("pillow",), ("click",))
"""The distributions that running needs; of several in one row, one is enough."""

EXTRAS = {
    "tensorflow": ("tensorflow", "keras", "onnx"),
    "train": ("scipy", "colour-science"),
    "beam": ("apache-beam",),
    "heif": ("pillow-heif",),
    "mesh": ("pygltflib", "trimesh"),
    "models": ("scipy", "h5py", "open3d"),
    "balance": ("rawpy", "colour-science", "tifffile"),
}
"""What each extra installs."""

DEVICES = {"Windows": ("cpu", "cuda", "dml"), "Darwin": ("cpu", "coreml")}
"""The ONNX engine's devices by system, where not ("cpu", "cuda"). TensorFlow is not asked for its: it takes seconds."""


@dataclass(frozen=True)
class Check:
    """One line of the answer. ``status`` is "ok", "missing" (and not needed) or "broken"."""

    group: str
    name: str
    status: str
    detail: str


@click.command(short_help="What is installed, and what works.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Show versions, engines and devices, verify the embedded networks and the weights, and make one face.

    Exit code 1 if something that fsynth needs is broken.
    """
    checks = [check for group in (_versions, _extras, _devices, _networks, _weights) for check in group()]
    sound = all(check.status != "broken" for check in checks)
    if as_json:
        click.echo(json.dumps({"ok": sound, "checks": [asdict(check) for check in checks]}, indent=1))
    else:
        _print(checks)
        click.echo("\nEverything that fsynth needs works." if sound else "\nSomething that fsynth needs is broken.")
    ctx.exit(0 if sound else 1)


def _print(checks: list[Check]) -> None:
    marks = {"ok": ("ok", "green"), "missing": ("-", "yellow"), "broken": ("BROKEN", "red")}
    width = max(len(check.name) for check in checks)
    group = ""
    for check in checks:
        if check.group != group:
            group = check.group
            click.secho(f"\n{group}", bold=True)
        mark, colour = marks[check.status]
        click.echo(f"  {click.style(f'{mark:6}', fg=colour)}  {check.name:{width}}  {check.detail}")


def _versions() -> Iterator[Check]:
    group = "Versions"
    yield Check(group, "fsynth", "ok", __version__)
    yield Check(group, "python", "ok", f"{platform.python_version()}, {platform.system()} {platform.machine()}")
    for names in NEEDED:
        found = {name: version for name in names if (version := _version(name))}
        for name, version in found.items():
            yield Check(group, name, "ok", version)
        if not found:
            yield Check(group, names[0], "broken", f"not installed: pip install {names[0]}")


def _extras() -> Iterator[Check]:
    for extra, names in EXTRAS.items():
        versions = [_version(name) for name in names]
        if None in versions:
            yield Check("Extras", extra, "missing", f'pip install "fsynth[{extra}]"')
        else:
            detail = ", ".join(f"{name} {version}" for name, version in zip(names, versions, strict=True))
            yield Check("Extras", extra, "ok", detail)


def _devices() -> Iterator[Check]:
    def provider(device: str) -> str:
        from fsynth.networks import execution_providers

        return execution_providers(device)[0]

    for device in DEVICES.get(platform.system(), ("cpu", "cuda")):
        yield _attempt("Devices", device, functools.partial(provider, device), needed=device == "cpu")


def _networks() -> Iterator[Check]:
    def cards() -> list[str]:
        from fsynth.networks import network_cards

        return list(network_cards())

    def verify(name: str) -> str:
        from fsynth.networks import read_network

        return f"{len(read_network(name)) / 1e6:.1f} MB, sha256 verified"

    group = "Embedded networks"
    try:
        names = cards()
    except (FsynthError, ImportError) as error:
        yield Check(group, "networks.json", "broken", str(error))
        return
    for name in names:
        yield _attempt(group, name, functools.partial(verify, name))


def _weights() -> Iterator[Check]:
    def decode() -> str:
        import numpy as np

        import fsynth

        normalizer = fsynth.load()
        card = normalizer.engine.card
        started = time.perf_counter()
        normalizer.decode(np.ones((1, card.settings.feature_width), np.float32))
        milliseconds = (time.perf_counter() - started) * 1000
        return f"{card.name} for {card.encoder}, sha256 verified; from features to a face in {milliseconds:.0f} ms"

    yield _attempt("Weights", "default", decode)


def _attempt(group: str, name: str, action: Callable[[], str], *, needed: bool = True) -> Check:
    """Do ``action``; its result or its error is the detail of the check."""
    try:
        return Check(group, name, "ok", action())
    except (FsynthError, ImportError) as error:
        return Check(group, name, "broken" if needed else "missing", str(error))


def _version(distribution: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
