from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow.core.util import event_pb2

from fsynth_training.fit.errors import FitError
from fsynth_training.fit.event_file import EventFile


def test_tensorflow_reads_what_was_written(tmp_path: Path) -> None:
    png = io.BytesIO()
    Image.fromarray(np.full((4, 6, 3), 90, np.uint8)).save(png, "PNG")
    with EventFile(tmp_path, 12) as events:
        events.scalars(14, {"loss/fit": 0.5, "loss/validation": 0.75})
        events.picture(14, "faces", png.getvalue(), (6, 4))

    (path,) = tmp_path.iterdir()
    records = tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    version, start, scalars, picture = (event_pb2.Event.FromString(record) for record in records)
    assert version.file_version == "brain.Event:2"
    assert (start.step, start.session_log.status) == (12, event_pb2.SessionLog.START)
    values = {value.tag: value.simple_value for value in scalars.summary.value}
    assert (scalars.step, values) == (14, {"loss/fit": 0.5, "loss/validation": 0.75})
    (image,) = (value.image for value in picture.summary.value)
    assert (image.width, image.height) == (6, 4)
    assert tf.io.decode_png(image.encoded_image_string).numpy()[0, 0, 0] == 90


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "tensorboard").write_text("a file")
    with pytest.raises(FitError, match="cannot be written"):
        EventFile(tmp_path / "tensorboard", 0)
