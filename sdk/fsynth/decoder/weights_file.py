"""The weights file of a decoder: one ONNX file that ONNX Runtime runs and the Keras decoder reads its weights from.

Beside ``NAME.onnx`` stands ``NAME.onnx.sha256`` (as sha256sum writes it), which is checked before the file is opened.
The ONNX graph maps ``features`` (N, W) to ``landmarks`` (N, L, 2) and ``texture`` (N, S, S, 3); what else a decoder
needs is JSON in the file's metadata.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fsynth.decoder.settings import DecoderSettings
from fsynth.errors import ArgumentError, WeightsError

FORMAT_VERSION = 1
"""Version of the file's layout; raised when an older fsynth could not read a newer file rightly."""

DEFAULT = Path(__file__).parents[1] / "weights" / "default.onnx"
"""The weights that ship with fsynth."""

_KEY = "fsynth"


@dataclass(frozen=True, eq=False)
class DecoderCard:
    """What a weights file says of itself.

    Attributes:
        settings: sizes and kinds of the decoder's parts.
        mean_landmarks: (L, 2) float32, the geometry of the texture, (x, y) in pixels.
        encoder: name of the encoder whose features it takes, as in ``fsynth.encoder.load``; None for features that
            people bring themselves.
        name: what the weights are called.
    """

    settings: DecoderSettings
    mean_landmarks: np.ndarray
    encoder: str | None
    name: str

    def to_metadata(self) -> dict[str, str]:
        """The card as metadata of an ONNX file."""
        card = {
            "format": FORMAT_VERSION,
            "name": self.name,
            "encoder": self.encoder,
            "settings": self.settings.to_dict(),
            "mean_landmarks": np.asarray(self.mean_landmarks, np.float64).round(4).tolist(),
        }
        return {_KEY: json.dumps(card)}


def card_from_metadata(metadata: Mapping[str, str], path: Path) -> DecoderCard:
    """The card in an ONNX file's metadata; ``path`` is for messages."""
    if _KEY not in metadata:
        raise WeightsError(f"{path} is an ONNX model, but no fsynth decoder: it carries no fsynth card.")
    try:
        card = json.loads(metadata[_KEY])
        if card["format"] != FORMAT_VERSION:
            raise WeightsError(
                f"{path} has weights of format {card['format']}, and this fsynth reads format {FORMAT_VERSION}: "
                "install the fsynth that goes with them, or export them again."
            )
        return DecoderCard(
            DecoderSettings(**card["settings"]),
            np.array(card["mean_landmarks"], np.float32),
            card["encoder"],
            card["name"],
        )
    except (KeyError, TypeError, ValueError, ArgumentError) as error:
        raise WeightsError(f"{path} carries a card that this fsynth cannot read: {error}.") from error


def weights_path(weights: str | Path) -> Path:
    """The file that ``weights`` names: "default", or a path to an ``.onnx`` file.

    Raises:
        WeightsError: there is no such file.
    """
    path = DEFAULT if str(weights) == "default" else Path(weights)
    if not path.is_file():
        raise WeightsError(f"There is no weights file {path}. Give `weights` a path to an .onnx file, or 'default'.")
    return path


def read_weights_file(path: Path) -> bytes:
    """The bytes of ``path``, checked against the sha256 file beside it where there is one.

    Raises:
        WeightsError: the file cannot be read, or its sha256 is not the recorded one.
    """
    try:
        data = path.read_bytes()
        checksum = path.with_name(f"{path.name}.sha256")
        recorded = checksum.read_text(encoding="ascii").split() if checksum.is_file() else None
    except (OSError, UnicodeDecodeError) as error:
        raise WeightsError(f"{path} cannot be read: {error}.") from error
    if recorded is None and path == DEFAULT:
        raise WeightsError(f"{checksum} is missing: install fsynth again.")
    if recorded is not None and hashlib.sha256(data).hexdigest() not in recorded[:1]:
        raise WeightsError(
            f"{path} is damaged: its sha256 is not the one in {checksum.name}. Install fsynth again or fetch the "
            "weights again."
        )
    return data
