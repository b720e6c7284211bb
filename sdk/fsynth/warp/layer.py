"""The warp as a Keras layer."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from fsynth.errors import ArgumentError, ControlPointsError
from fsynth.warp import checks
from fsynth.warp.boundary import unit_boundary
from fsynth.warp.fixed import flow_matrix
from fsynth.warp.image import sparse_image_warp, warp_by_matrix
from fsynth.warp.tensors import without_autograph


@keras.saving.register_keras_serializable(package="fsynth")
class SplineWarp(keras.layers.Layer):
    """Warps images so that what was at ``source`` comes to lie at ``dest``; see :func:`fsynth.warp.sparse_image_warp`.

    Convention: coordinates are (x, y) in pixels, pixel centres on integers, y downwards.

    Args:
        mode: "exact", "coarse" or "fixed".
        destination: (N, 2), the constant control points of mode "fixed"; None in the other modes, where ``dest`` is an
            input of each call.
        order: of the spline.
        regularization: smoothing of the flow.
        boundary_points: points of zero displacement on each edge, both corners included; 0 for none.
        stride: of the grid of mode "coarse", in pixels.
        jit_compile: compile all but the solving of the system with XLA. True suits models whose other layers run
            uncompiled; set it to False to export a model.
        return_flow: return (warped, flow) instead of warped.

    In mode "fixed" the layer holds the matrix K (N, H * W) of flow = K^T @ (destination - source), built for the image
    size that it first sees; it is computed from the configuration, not saved with the weights.

    Computes in float32, or in float64 with ``dtype="float64"``, also under mixed precision: coordinates in half
    precision would be whole pixels off.

    Example:
        >>> warp = SplineWarp(mode="coarse")
        >>> image = warp(texture, mean_landmarks, landmarks)  # (B, 224, 224, 3), (B, 65, 2), (B, 65, 2)
    """

    def __init__(
        self,
        *,
        mode: str = "exact",
        destination: Sequence[Sequence[float]] | np.ndarray[Any, np.dtype[Any]] | None = None,
        order: int = 1,
        regularization: float = 0.0,
        boundary_points: int = 6,
        stride: int = 4,
        jit_compile: bool = True,
        return_flow: bool = False,
        **kwargs: Any,
    ) -> None:
        """Check and keep the options."""
        super().__init__(autocast=False, **kwargs)
        checks.check_spline_options(order, regularization)
        checks.check_warp_options(mode, stride, boundary_points)
        if (destination is None) == (mode == "fixed"):
            raise ArgumentError(
                "`destination` is needed in mode 'fixed'."
                if mode == "fixed"
                else f"`destination` is for mode 'fixed' alone: in mode {mode!r} pass `dest` in each call."
            )
        self.mode = mode
        self.destination = None if destination is None else np.array(destination, np.float64)
        if self.destination is not None:
            checks.check_shapes(destination=(self.destination.shape, "N 2"))
            checks.check_finite("destination", self.destination[None])
        self._precision = "float64" if self.variable_dtype == "float64" else "float32"
        self.order = order
        self.regularization = regularization
        self.boundary_points = boundary_points
        self.stride = stride
        self.jit_compile = jit_compile
        self.return_flow = return_flow
        self.matrix: Any = None
        self._size: tuple[int, int] = (0, 0)

    def build(
        self,
        image_shape: Sequence[int | None],
        source_shape: Sequence[int | None],
        dest_shape: Sequence[int | None] | None = None,
    ) -> None:
        """Compute the matrix of mode "fixed" for the image size."""
        if self.destination is not None:
            height, width = image_shape[1:3]
            if height is None or width is None:
                raise ArgumentError(
                    "`image` must have a known height and width in mode 'fixed': use mode 'exact' or 'coarse'."
                )
            checks.check_boundary_fits(height, width, self.boundary_points)
            boundary = unit_boundary(self.boundary_points) * (width - 1, height - 1)
            checks.check_control_points("destination", self.destination[None], self.regularization, boundary)
            matrix = flow_matrix(
                self.destination.astype(self._precision),
                height,
                width,
                self.order,
                self.regularization,
                self.boundary_points,
            )
            self.matrix = self.add_weight(
                name="matrix",
                shape=matrix.shape,
                dtype=self._precision,
                initializer=lambda shape, dtype: ops.convert_to_tensor(matrix, dtype),
                trainable=False,
                autocast=False,
            )
            self._size = (height, width)
        self.built = True

    @without_autograph
    def call(self, image: Any, source: Any, dest: Any = None) -> Any:
        """Warp image (B, H, W, C) from source (B, N, 2) to dest (B, N, 2), or to the layer's destination."""
        image, source = ops.cast(image, self._precision), ops.cast(source, self._precision)
        if self.destination is None:
            if dest is None:
                raise ArgumentError(f"`dest` is needed in mode {self.mode!r}.")
            result = sparse_image_warp(
                image,
                source,
                ops.cast(dest, self._precision),
                order=self.order,
                regularization=self.regularization,
                boundary_points=self.boundary_points,
                mode=self.mode,
                stride=self.stride,
                jit_compile=self.jit_compile,
            )
        else:
            result = self._warp_fixed(image, source, dest)
        return result if self.return_flow else result[0]

    def _warp_fixed(self, image: Any, source: Any, dest: Any) -> Any:
        if dest is not None:
            raise ControlPointsError(
                "`dest` was passed to a SplineWarp of mode 'fixed', which warps to its constant `destination` alone: "
                "leave it out, or use mode 'exact' or 'coarse'."
            )
        checks.check_shapes(
            image=(image.shape, f"B {self._size[0]} {self._size[1]} C"),
            source=(source.shape, f"B {len(self.destination)} 2"),  # type: ignore[arg-type]
        )
        displacement = ops.convert_to_tensor(self.destination, self._precision) - source
        return warp_by_matrix(image, displacement, self.matrix.value, jit_compile=self.jit_compile)

    def save_own_variables(self, store: Any) -> None:
        """Save nothing: the matrix follows from the configuration."""

    def load_own_variables(self, store: Any) -> None:
        """Load nothing: the matrix was computed when the layer was built."""

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "mode": self.mode,
            "destination": None if self.destination is None else self.destination.tolist(),
            "order": self.order,
            "regularization": self.regularization,
            "boundary_points": self.boundary_points,
            "stride": self.stride,
            "jit_compile": self.jit_compile,
            "return_flow": self.return_flow,
        }
