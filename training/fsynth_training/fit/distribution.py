"""Several machines or devices: Keras' data parallelism on the JAX backend."""

from __future__ import annotations

from dataclasses import dataclass

from fsynth_training.fit.errors import FitError
from fsynth_training.fit.samples import Batch


@dataclass(frozen=True)
class Machines:
    """Which of how many processes this is, and where the first of them listens (host:port)."""

    count: int = 1
    index: int = 0
    coordinator: str = ""

    def __post_init__(self) -> None:
        if self.count < 1 or not 0 <= self.index < self.count:
            raise FitError(f"Process {self.index} of {self.count} cannot be: count from 0, below their number.")
        if self.count > 1 and ":" not in self.coordinator:
            raise FitError("Several processes need the address of the first of them, as host:port.")

    @property
    def writes(self) -> bool:
        """Whether this process writes the run's files: the first does."""
        return self.index == 0

    def share(self, batch: Batch) -> Batch:
        """This process' rows of a batch."""
        rows = len(batch["features"]) // self.count
        return {name: values[self.index * rows : (self.index + 1) * rows] for name, values in batch.items()}


def start(machines: Machines, batch: int) -> None:
    """Connect the processes, and let Keras spread batches over all devices there are. Before anything else is computed.

    Raises:
        FitError: the backend is not JAX, or the batch cannot be divided.
    """
    import keras

    if keras.backend.backend() != "jax":
        if machines.count > 1:
            raise FitError("Several machines need the JAX backend: add --backend jax (pip install jax).")
        return
    if machines.count > 1:
        keras.distribution.initialize(machines.coordinator, machines.count, machines.index)
    devices = len(keras.distribution.list_devices())
    if devices == 1:
        return
    if batch % devices:
        raise FitError(f"A batch of {batch} cannot be divided among {devices} devices: make it a multiple of them.")
    # Each process makes its own rows of a batch, so that Keras has nothing to divide.
    keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))
