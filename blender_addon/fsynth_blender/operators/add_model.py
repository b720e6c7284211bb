# SPDX-License-Identifier: GPL-3.0-or-later
"""Other head models: once their landmarks are found, they are kept among the user's files."""

import functools
from collections.abc import Generator
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, StringProperty

from ..background import Task
from ..messages import for_artists
from ..work import Cancelled, WorkError
from .in_background import InBackground

if TYPE_CHECKING:
    import numpy as np


class FSYNTH_OT_add_model(InBackground, bpy.types.Operator):
    """See ``bl_description``."""

    bl_idname = "fsynth.add_model"
    bl_label = "Add Model"
    bl_description = (
        "Add a head model: Basel (.mat, .h5), FLAME (.pkl), ICT-FaceKit (.obj), or a file of fsynth's (.npz)"
    )
    bl_options = {"INTERNAL"}

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_glob: StringProperty(default="*.mat;*.h5;*.hdf5;*.pkl;*.npz;*.obj", options={"HIDDEN"})
    overwrite: BoolProperty(name="Replace", description="Replace a model of the same name", options={"SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for the file first; Blender then calls ``execute``."""
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """In a window go on by a timer, so that it stays alive: finding landmarks takes a minute."""
        return super().execute(context) if bpy.app.background else super().invoke(context, None)

    def start(self, context: bpy.types.Context) -> Task[Any]:
        """See ``InBackground``."""
        if not self.filepath:
            raise WorkError("Choose the file of a model.")
        path = Path(bpy.path.abspath(self.filepath))
        # ICT-FaceKit is a folder of .obj files, of which the artist picks one.
        path = path.parent if path.suffix.lower() == ".obj" else path
        return Task(functools.partial(_add, path, self.overwrite), "Looking for the landmarks of the model")

    def steps(self, context: bpy.types.Context, result: Any) -> Generator[float, None, None]:
        """See ``InBackground``."""
        self._name, self._licence = result
        yield 1.0

    def done(self, context: bpy.types.Context) -> str:
        """See ``InBackground``."""
        return f"Added the model {self._name}. Its licence holds for avatars made with it: {self._licence}."


def _add(path: Path, overwrite: bool, stop: Event) -> tuple[str, str]:
    """Add the model; what it is called, and its licence."""

    def detect(image: "np.ndarray") -> "np.ndarray | None":
        from fsynth.faces import find_faces
        from fsynth.faces.landmarks import LANDMARKS_65

        if stop.is_set():
            raise Cancelled
        faces = find_faces(image, smallest_share=1)
        return faces[0].mesh[LANDMARKS_65, :2] if faces else None

    with for_artists():
        from fsynth_morphable.errors import OutputError
        from fsynth_morphable.models import add, home

        try:
            added = add(path, detect, overwrite=overwrite)
        except OutputError as error:
            raise WorkError(
                f"The model can't be kept in {home() / 'models'}: either one of this name is there already (switch on "
                "Replace in the file browser to replace it), or the folder can't be written to."
            ) from error
    return added.name, added.licence
