"""A run to weights: the ONNX file that ``fsynth.load`` opens, and a model card beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fsynth.decoder import onnx_form
from fsynth.errors import ArgumentError
from fsynth_training.fit import decoder_file, run_folder, whole_files
from fsynth_training.fit.errors import FitError


@dataclass(frozen=True)
class Exported:
    """What was written: the weights, their sha256, and the card."""

    weights: Path
    sha256: str
    card: Path


def export(run: Path, output: Path, *, overwrite: bool = False, evaluation: Path | None = None) -> Exported:
    """Write the decoder of ``run`` to ``output`` (.onnx), its sha256 and its model card (.md) beside it.

    Args:
        run: a folder of ``fsynth train fit``.
        output: the weights file; its stem is the weights' name.
        overwrite: replace files that exist.
        evaluation: ``evaluation.json`` of these weights, exported before (the same run gives the same bytes). Its
            figures go on the card.

    Raises:
        FitError: the run has no decoder yet, a file exists, the name does not end in .onnx, the evaluation is of other
            weights, or the disk is full.
    """
    if output.suffix != ".onnx":
        raise FitError(f"{output} must end in .onnx.")
    card = output.with_suffix(".md")
    for path in (output, card):
        if path.exists() and not overwrite:
            raise FitError(f"{path} exists already. Name another file, or add --overwrite.")
    about = run_folder.read(run)
    decoder, noted = decoder_file.load(run / decoder_file.NAME)
    encoder = about["dataset"]["encoder"]
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        digest = onnx_form.save(decoder, output, encoder=encoder, name=output.stem)
    except (OSError, ArgumentError) as error:
        raise FitError(f"{output} cannot be written: {error}.") from error
    figures = None if evaluation is None else _read_evaluation(evaluation, digest)
    text = model_card(output, digest, decoder.settings.to_dict(), about, noted, figures)
    whole_files.write(card, lambda file: file.write(text.encode()))
    return Exported(output, digest, card)


def model_card(
    weights: Path,
    digest: str,
    settings: Mapping[str, Any],
    about: Mapping[str, Any],
    noted: Mapping[str, Any],
    figures: Mapping[str, Any] | None,
) -> str:
    """The model card as Markdown.

    Args:
        weights: the weights file, which exists. digest: its sha256.
        settings: of the decoder.
        about: the run's ``run.json``. noted: what the decoder's file says of it.
        figures: of an evaluation, nested by name, or None.
    """
    data, size = about["dataset"], settings["image_size"]
    lines = [
        f"# Model card: {weights.stem}",
        "",
        f"`{weights.name}` turns {settings['feature_width']} identity features into {settings['landmarks']} landmarks "
        f"and a texture, and so into a normalized face of {size} × {size} pixels. Open it with "
        f"`fsynth.load({weights.name!r})`.",
        "",
        *_table(
            {
                "file": f"{weights.name}, {weights.stat().st_size / 1e6:.1f} MB",
                "sha256": f"`{digest}`",
                "features": data["encoder"] or "given by the caller: `fsynth.load(...).decode(features)`",
                "made": f"by `fsynth train fit` of fsynth {about['fsynth']}, method {about['config']['method']}, step "
                f"{noted.get('step', 'unknown')}",
            }
        ),
        "",
        "## Intended use",
        "",
        "Normalized faces as a starting point for avatars, for balancing the colours of photographs, for research on "
        "face synthesis. **Not** for identifying people, as evidence, for surveillance, or to say anything about a "
        "person's traits.",
        "",
        "## Data",
        "",
        f"{data['targets']} targets and {data['photos']} photos of {data['people']} people, {data['held_out']} of whom "
        "were held out for validation. What may be done with the weights depends on the licences of these photos: add "
        "them here.",
        "",
        *_table({"sha256 of dataset.json": f"`{data['sha256']}`", **_flat(data["config"])}),
        "",
        *(_table(_flat(data["morphs"], "morphs.")) if data["morphs"] else ["No shards of morphs."]),
        "",
        "## Figures",
        "",
    ]
    if figures:
        lines += [*_table(_flat(figures)), ""]
    else:
        lines += ["Not evaluated yet; see `fsynth train evaluate`.", ""]
    if noted.get("figures"):
        lines += ["From the fit itself (val: people held out):", "", *_table(_flat(noted["figures"])), ""]
    lines += ["## Decoder", "", *_table(_flat(settings)), ""]
    lines += ["## Configuration", "", *_table(_flat(about["config"])), ""]
    return "\n".join(lines)


def _read_evaluation(path: Path, digest: str) -> dict[str, Any]:
    """What ``evaluation.json`` of ``fsynth train evaluate`` says of the weights with this sha256, by name."""
    try:
        evaluation = json.loads(path.read_text(encoding="utf-8"))
        (found,) = [maker for maker in evaluation["makers"] if maker["key"] == digest] or [None]
        photos = {name: evaluation["photos"][name] for name in ("source", "people", "wild", "pairs")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FitError(f"{path} is no evaluation.json of fsynth train evaluate ({error}).") from error
    if found is None:
        raise FitError(f"{path} measures other weights than these (sha256 {digest}). Evaluate these first.")
    figures = {name: value for name, value in found.items() if name not in ("name", "kind", "key")}
    return {"photos": photos, **figures}


def _table(rows: Mapping[str, Any]) -> list[str]:
    return ["| | |", "| --- | --- |", *[f"| {name} | {_shown(value)} |" for name, value in rows.items()]]


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested objects as one, with dotted names; long lists are left out."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        elif not isinstance(value, list) or len(value) <= 4:  # no histograms
            flat[f"{prefix}{name}"] = value
    return flat


def _shown(value: Any) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")
