"""The perspective camera of the paper's Eq. 6-8."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from fsynth_morphable.errors import ArgumentError

FIELD_OF_VIEW = 10.0
"""Degrees from edge to edge of the image, "to roughly match the perspective of the training images"."""

IMAGE_SIZE = 224


@dataclass(frozen=True, eq=False)
class Camera:
    """Looks at a head through a square image.

    Camera space is that of Eq. 6: ``scale * rotation @ vertex + translation``, metres, Y up, the camera at the origin
    looking along -Z, so that what is seen has negative z. Nothing in the image changes when ``scale`` and
    ``translation`` are multiplied by the same number.

    Attributes:
        rotation: (3, 3), from model to camera space.
        translation: (3,), in metres; translation[2] is negative.
        scale: sigma, without unit.
        image_size: width and height of the image in pixels.
        field_of_view: degrees from edge to edge of the image.
    """

    rotation: np.ndarray = field(default_factory=lambda: np.eye(3))
    translation: np.ndarray = field(default_factory=lambda: np.array([0.0, 0.0, -2.0]))
    scale: float = 1.0
    image_size: int = IMAGE_SIZE
    field_of_view: float = FIELD_OF_VIEW

    def __post_init__(self) -> None:
        if self.rotation.shape != (3, 3) or self.translation.shape != (3,):
            raise ArgumentError(
                f"`rotation` must be (3, 3) and `translation` (3,), they are {self.rotation.shape} and "
                f"{self.translation.shape}."
            )
        if not (self.scale > 0 and self.image_size > 0 and 0 < self.field_of_view < 180):
            raise ArgumentError("`scale`, `image_size` and `field_of_view` must be positive, the last below 180.")

    @property
    def focal_length(self) -> float:
        """In pixels: a thing of 1 m at a distance of 1 m is so long in the image."""
        return self.image_size / 2 / float(np.tan(np.radians(self.field_of_view) / 2))

    @property
    def position(self) -> np.ndarray:
        """Where the camera is in model space, (3,): the direction to it from a vertex is ``position - vertex``."""
        return -self.rotation.T @ self.translation / self.scale

    def view(self, vertices: np.ndarray) -> np.ndarray:
        """Vertices (..., 3) of model space in camera space."""
        return self.scale * vertices @ self.rotation.T + self.translation

    def project(self, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where vertices (..., 3) of model space are in the image.

        Returns:
            points (..., 2): (x, y) in pixels, y down, pixel centres on integers; and their depths (...): the distance
            in metres along the viewing direction, positive in front of the camera.
        """
        seen = self.view(vertices)
        depth = -seen[..., 2]
        middle = (self.image_size - 1) / 2
        x = middle + self.focal_length * seen[..., 0] / depth
        y = middle - self.focal_length * seen[..., 1] / depth
        return np.stack([x, y], axis=-1), depth


def rotation_matrix(turn: np.ndarray) -> np.ndarray:
    """The rotation (3, 3) about the axis ``turn`` (3,) by its length in radians (Rodrigues' formula)."""
    angle = float(np.linalg.norm(turn))
    x, y, z = turn
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    if angle < 1e-4:
        # sin(a)/a and (1 - cos a)/a^2 to the order of a^2, where their own forms lose digits.
        return np.eye(3) + (1 - angle**2 / 6) * cross + (0.5 - angle**2 / 24) * cross @ cross
    return np.eye(3) + np.sin(angle) / angle * cross + (1 - np.cos(angle)) / angle**2 * cross @ cross
