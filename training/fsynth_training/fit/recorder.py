"""What happens around the steps of a fit: checkpoints, figures, pictures, early stop, and an end at the first NaN."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

from fsynth.warp.numpy import sparse_image_warp
from fsynth_training.fit import checkpoint, decoder_file, whole_files
from fsynth_training.fit.config import NetworkConfig
from fsynth_training.fit.errors import FitError
from fsynth_training.fit.event_file import EventFile
from fsynth_training.fit.samples import Batch


class StopOnNan(keras.callbacks.Callback):
    """Ends a fit whose loss is no number any more, before such weights reach a checkpoint."""

    def __init__(self, first_step: int) -> None:
        super().__init__()
        self._step = first_step

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Look at the loss of each step."""
        self._step += 1
        if logs and not math.isfinite(float(logs["loss"])):
            raise FitError(
                f"The loss is no finite number any more at step {self._step}. Lower optimizer.learning_rate or set "
                "optimizer.clip_norm, and start again in another folder; the checkpoints before it are whole."
            )


class Recorder(keras.callbacks.Callback):
    """Writes a checkpoint and all that can be watched at the end of each epoch, and stops a fit that gets no better.

    An epoch is the steps between two checkpoints.

    Args:
        run: the run's folder.
        config: for step counts and patience.
        steps: the steps made at the end of each epoch.
        history: rows of figures of the epochs before, from the last checkpoint.
        samples: a batch of held-out photos for the pictures, or None.
        report: takes a line of text for each epoch.
        writes: whether this process writes the files; of several machines one does.
    """

    def __init__(
        self,
        run: Path,
        config: NetworkConfig,
        steps: list[int],
        history: list[dict[str, float]],
        samples: Batch | None,
        report: Callable[[str], None],
        *,
        writes: bool = True,
    ) -> None:
        super().__init__()
        self.run, self.config, self.steps, self.history = run, config, steps, history
        self.samples, self.report, self.writes = samples, report, writes
        self._events: EventFile | None = None
        self._started, self._timed_from = 0.0, 0

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Open the event file."""
        if self.writes:
            first = int(self.history[-1]["step"]) if self.history else 0
            self._events = EventFile(self.run / "tensorboard", first)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Close the event file."""
        if self._events is not None:
            self._events.__exit__(None, None, None)

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Start the clock."""
        self._started, self._timed_from = time.monotonic(), 0

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Leave the first step, which compiles, out of the time."""
        if batch == 0:
            self._started, self._timed_from = time.monotonic(), 1
        self._seconds, self._counted = time.monotonic() - self._started, batch + 1 - self._timed_from

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Write everything; stop if there has been no better for long."""
        row = {"step": float(self.steps[epoch]), **_in_order(logs or {})}
        self.history.append(row)
        model: Any = self.model
        if self.writes:
            self._write(model, row)
        if self.config.patience and stale(self.history) >= self.config.patience:
            self.report(f"No better for {self.config.patience} validations: stopped. decoder.npz holds the best.")
            model.stop_training = True

    def _write(self, model: Any, row: Mapping[str, float]) -> None:
        step = int(row["step"])
        if stale(self.history) == 0:
            figures = {name: value for name, value in row.items() if name != "step"}
            decoder_file.save(model.decoder, self.run / decoder_file.NAME, {"step": step, "figures": figures})
        whole_files.write_json(self.run / "history.json", self.history)
        self._show(step, row)
        # Last: what is killed before it makes this epoch again, and with it all of the above.
        checkpoint.save(self.run / "checkpoints", step, model.state(), model.optimizer.variables, self.history)

    def _show(self, step: int, row: Mapping[str, float]) -> None:
        rate = self.config.batch * self._counted / self._seconds if self._counted and self._seconds else math.nan
        shown = ", ".join(f"{name} {value:.4g}" for name, value in row.items() if name != "step")
        speed = "" if math.isnan(rate) else f"; {rate:.1f} images/s"
        self.report(f"step {step} of {self.config.steps}: {shown}{speed}")
        assert self._events is not None
        numbers = {_tag(name): value for name, value in row.items() if name != "step"}
        self._events.scalars(step, numbers if math.isnan(rate) else {**numbers, "speed/images per second": rate})
        if self.samples is None:
            return
        grid = Image.fromarray(self._grid(self.samples))
        file = io.BytesIO()
        grid.save(file, "PNG")
        whole_files.write(self.run / "samples.png", lambda target: target.write(file.getvalue()))
        self._events.picture(step, "held-out people: target above, output below", file.getvalue(), grid.size)

    def _grid(self, samples: Batch) -> np.ndarray:
        """Target above output, people side by side; (2 S, N S, 3) uint8."""
        decoder: Any = self.model.decoder
        code = decoder.encode(samples["features"])
        textures = np.asarray(keras.ops.cast(decoder.texture(code), "float32"))
        mean = np.asarray(decoder.mean_landmarks)
        rows = []
        targets = samples["textures"].astype(np.float32) / 255
        pairs = ((targets, samples["landmarks"]), (textures, np.asarray(decoder.landmarks(code), np.float32)))
        for images, landmarks in pairs:
            images, _ = sparse_image_warp(images, np.broadcast_to(mean, landmarks.shape), landmarks, mode="coarse")
            rows.append(np.concatenate(list((np.clip(images, 0, 1) * 255 + 0.5).astype(np.uint8)), axis=1))
        return np.concatenate(rows)


def stale(history: list[dict[str, float]]) -> int:
    """How many checkpoints ago the least validation loss was; 0 where nothing is validated."""
    losses = [row["val_loss"] for row in history if "val_loss" in row]
    return len(losses) - 1 - int(np.argmin(losses)) if losses else 0


def _in_order(logs: Mapping[str, Any]) -> dict[str, float]:
    """Figures by name, the loss first, fitting before validation."""
    names = sorted(logs, key=lambda name: (name.startswith("val_"), not name.endswith("loss"), name))
    return {name: float(logs[name]) for name in names}


def _tag(name: str) -> str:
    """Fitting and validation of one figure, in one diagram group."""
    return f"{name.removeprefix('val_')}/{'validation' if name.startswith('val_') else 'fit'}"
