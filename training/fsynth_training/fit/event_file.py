"""Scalars and pictures for TensorBoard, on any backend and without the package tensorboard."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from fsynth_training.fit.errors import FitError


class EventFile:
    """Appends to a new event file in ``folder``; what earlier files have from ``first_step`` on is void."""

    def __init__(self, folder: Path, first_step: int) -> None:
        """Open the file.

        Raises:
            FitError: the disk does not take it.
        """
        import tensorflow as tf
        from tensorflow.core.util import event_pb2

        self._event, self._errors = event_pb2.Event, tf.errors.OpError
        name = f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}.{os.getpid()}.{first_step}"
        self._path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FitError(f"{folder} cannot be written: {error.strerror or error}.") from error
        self._writer = tf.io.TFRecordWriter(str(self._path))
        self._write(event_pb2.Event(wall_time=time.time(), file_version="brain.Event:2"))
        start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
        self._write(event_pb2.Event(wall_time=time.time(), step=first_step, session_log=start))

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Append numbers by name."""
        event = self._event(wall_time=time.time(), step=step)
        for name, value in values.items():
            event.summary.value.add(tag=name, simple_value=value)
        self._write(event)

    def picture(self, step: int, name: str, png: bytes, size: tuple[int, int]) -> None:
        """Append a PNG of ``size`` (width, height)."""
        event = self._event(wall_time=time.time(), step=step)
        image = event.summary.value.add(tag=name).image
        image.width, image.height, image.colorspace, image.encoded_image_string = *size, 3, png
        self._write(event)

    def _write(self, event: object) -> None:
        try:
            self._writer.write(event.SerializeToString())  # type: ignore[attr-defined]
            self._writer.flush()
        except self._errors as error:
            raise FitError(f"{self._path} cannot be written: {error.message}.") from error

    def __enter__(self) -> EventFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
