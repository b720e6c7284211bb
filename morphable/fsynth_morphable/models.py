"""The morphable models on this machine: the embedded head, those that the user added, and files elsewhere."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fsynth_morphable.errors import ArgumentError, ModelFileError, OutputError
from fsynth_morphable.model import MorphableModel

if TYPE_CHECKING:
    from fsynth_morphable.correspondence import Detect

EMBEDDED = "fsynth"
"""The name of the head that comes with the package."""

_EMBEDDED_FILE = Path(__file__).with_name("data") / "head.npz"
_SUFFIXES = {".npz": "embedded", ".mat": "basel2009", ".h5": "basel2017", ".hdf5": "basel2017", ".pkl": "flame"}
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


@dataclass(frozen=True)
class Entry:
    """A model that ``load`` knows by its ``name``, and its ``path``."""

    name: str
    path: Path


def home() -> Path:
    """The folder of the user's own files: $FSYNTH_HOME, or what is usual on the platform."""
    chosen = os.environ.get("FSYNTH_HOME")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "fsynth"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "fsynth"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "fsynth"


def available() -> list[Entry]:
    """The embedded head, then the models added, by name."""
    added = sorted((home() / "models").glob("*.npz"))
    return [Entry(EMBEDDED, _EMBEDDED_FILE), *(Entry(path.stem, path) for path in added)]


def load(name_or_path: str | Path = EMBEDDED) -> MorphableModel:
    """Load a model by its name in ``available()``, or from a file or folder.

    Models from files have no landmarks, which ``add`` finds, unless fsynth wrote them.

    Raises:
        ModelFileError: there is no such model, or its file is damaged.
        MissingPackageError: the file's format needs scipy or h5py.
    """
    known = {entry.name: entry.path for entry in available()}
    if isinstance(name_or_path, str) and name_or_path in known:
        return read(known[name_or_path])
    path = Path(name_or_path)
    if not path.exists():
        raise ModelFileError(
            f"There is no model `{name_or_path}`: neither a file nor one of {', '.join(known)}. "
            "Add one with: fsynth models add PATH"
        )
    return read(path)


def read(path: Path) -> MorphableModel:
    """Read a model in any of the formats, which the suffix of the file tells; a folder is ICT-FaceKit's.

    Raises:
        ModelFileError: there is no such file, it is damaged, or of no known format.
        MissingPackageError: the format needs scipy or h5py.
    """
    if not path.exists():
        raise ModelFileError(f"{path} does not exist.")
    try:
        if path.is_dir():
            from fsynth_morphable.formats import ict

            return ict.read(path)
        match _SUFFIXES.get(path.suffix.lower()):
            case "embedded":
                from fsynth_morphable.formats import embedded

                return embedded.read(path)
            case "basel2009":
                from fsynth_morphable.formats import basel2009

                return basel2009.read(path)
            case "basel2017":
                from fsynth_morphable.formats import basel2017

                return basel2017.read(path)
            case "flame":
                from fsynth_morphable.formats import flame

                return flame.read(path)
    except ArgumentError as error:
        raise ModelFileError(f"{path} is damaged: {error}") from error
    raise ModelFileError(
        f"{path} is no model: fsynth reads .npz (its own), .mat (Basel 2009), .h5 (Basel 2017 and 2019), .pkl (FLAME) "
        "and folders of ICT-FaceKit."
    )


def add(
    path: Path, detect: Detect, *, name: str | None = None, seed: int = 0, overwrite: bool = False
) -> MorphableModel:
    """Read a model, find its landmarks, and keep both in one file, ``home()/models/NAME.npz``.

    The model is copied: into fsynth's own format, which loads fast and needs neither scipy nor h5py, so that the
    original may go. To remove a model, delete its file.

    Args:
        path: a file or folder, see ``read``.
        detect: finds the 65 landmarks in an image; see ``correspondence.Detect``. Not needed for files of fsynth's that
            have landmarks.
        name: lower-case letters, digits, dots, dashes and underscores. Without it, the format's own.
        seed: of the cameras that look for landmarks.
        overwrite: whether to replace a model of that name.

    Raises:
        ModelFileError, MissingPackageError: as ``read``.
        ArgumentError: the name is not allowed.
        LandmarksError: no face can be seen on the model.
        OutputError: there is a model of that name already, or the folder can't be written to.
    """
    from fsynth_morphable.formats import embedded

    model = read(path)
    chosen = model.name if name is None else name
    if not _NAME.fullmatch(chosen) or chosen == EMBEDDED:
        raise ArgumentError(
            f"A model can't be called `{chosen}`: use lower-case letters, digits, dots, dashes and underscores, "
            f"and not `{EMBEDDED}`. Choose a name with --name."
        )
    target = home() / "models" / f"{chosen}.npz"
    if target.exists() and not overwrite:
        raise OutputError(f"There is a model `{chosen}` already. Replace it with --overwrite, or choose a --name.")
    landmarks = model.landmarks
    if landmarks is None:
        from fsynth_morphable.correspondence import vote_landmarks

        landmarks = vote_landmarks(model, detect, seed=seed)
    own = path.is_file() and path.suffix.lower() == ".npz"
    arrays = embedded.read_arrays(path) if own else embedded.to_arrays(model)
    embedded.write_arrays(embedded.renamed(arrays | embedded.landmark_arrays(landmarks), chosen), target)
    return replace(model, name=chosen, landmarks=landmarks)
