# SPDX-License-Identifier: GPL-3.0-or-later
"""fsynth's errors in the words of an artist."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .work import WorkError

_INSTALL = "Install the extension's .zip for your system again, and restart Blender."


@contextmanager
def for_artists() -> Iterator[None]:
    """Turn what fsynth and the computer raise into ``WorkError`` with a sentence for an artist.

    Raises:
        WorkError: in place of those.
    """
    try:
        import onnxruntime  # noqa: F401
        import PIL.Image  # noqa: F401

        import fsynth.errors
        import fsynth_morphable.errors
    except ImportError as error:
        raise WorkError(
            f"A part of the extension is missing or does not fit this computer ({error}). {_INSTALL}"
        ) from error
    try:
        yield
    except MemoryError as error:
        raise WorkError(
            "There is not enough memory. Choose a smaller texture, make the photo smaller, or close other files."
        ) from error
    except fsynth.errors.EngineError as error:
        raise WorkError(
            "This computer can't make faces on the processor that the extension's preferences name. Choose CPU there."
        ) from error
    except fsynth.errors.WeightsError as error:
        raise WorkError(f"{error} {_INSTALL}") from error
    except fsynth_morphable.errors.MissingPackageError as error:
        raise WorkError(
            "Blender can't read models of this kind by itself. Add the model with fsynth's own program on any computer "
            f"(fsynth models add), and use the .npz file that it makes. ({error})"
        ) from error
    except (fsynth.errors.FsynthError, fsynth_morphable.errors.HeadError) as error:
        raise WorkError(as_sentence(str(error))) from error
    except OSError as error:
        raise WorkError(f"A file can't be read: {error}.") from error


def as_sentence(message: str) -> str:
    """A message of fsynth's without what only its command line can do."""
    if "fsynth[heif]" in message:
        return "This is a HEIC photo, which Blender can't read. Save it as JPEG or PNG, and choose that file."
    if "fsynth models add" in message:
        return message.split(" Add one with:")[0].split(" Run:")[0] + " Add it in the extension's preferences."
    return message
