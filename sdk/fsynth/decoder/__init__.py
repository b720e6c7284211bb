"""Identity features to landmarks, texture and image: the decoder of the paper, section 3.2."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fsynth.decoder.decoder import Decoder as Decoder

__all__ = ["Decoder"]


def __getattr__(name: str) -> object:
    # Keras is imported only when the Keras form is asked for.
    if name == "Decoder":
        from fsynth.decoder.decoder import Decoder

        return Decoder
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
