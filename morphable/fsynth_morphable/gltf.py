"""glTF 2.0 in one binary file: one mesh with a primitive for each material, ARKit's shapes as morph targets."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from fsynth_morphable.colour import to_linear
from fsynth_morphable.errors import ArgumentError, MissingPackageError
from fsynth_morphable.materials import MATERIALS, Material, material_of_polygons
from fsynth_morphable.obj import encode_png

if TYPE_CHECKING:
    from fsynth_morphable.head import Head

_STILL = 1e-6
"""Metres: a vertex that a shape moves by less counts as still."""

_JPEG_QUALITY = 92


def encode_glb(head: Head) -> bytes:
    """A .glb file of ``head``: triangles, normals, texture coordinates, texture, materials and morph targets.

    Displacements that leave most vertices where they are become sparse accessors (glTF 2.0, 3.6.2.3), which every
    reader must know. Shapes have no normals of their own, which would double the file: engines that compute none for
    morphed meshes shade an expression with the normals of the head at rest.

    Raises:
        MissingPackageError: pygltflib is not installed.
    """
    gltf = _import_pygltflib()
    binary = _Buffer(gltf)
    rows, materials, images = [], [], []
    material_rows = material_of_polygons(head)[head.triangles[1]]
    for row, material in enumerate(MATERIALS):
        if (material_rows == row).any():
            rows.append(row)
            materials.append(material)
    if head.texture is not None:
        images = _add_images(head, materials, binary, gltf)
    primitives = [
        _primitive(head, np.flatnonzero(material_rows == row), index, MATERIALS[row].textured, binary, gltf)
        for index, row in enumerate(rows)
    ]
    names = list(head.shape_keys)
    mesh = gltf.Mesh(name=head.name, primitives=primitives)
    if names:
        mesh.weights = [float(head.expression.get(name, 0)) for name in names]
        mesh.extras = {"targetNames": names}
    document = gltf.GLTF2(
        asset=gltf.Asset(generator="fsynth", version="2.0"),
        scene=0,
        scenes=[gltf.Scene(nodes=[0])],
        nodes=[gltf.Node(name=head.name, mesh=0)],
        meshes=[mesh],
        materials=[_material(material, images, gltf) for material in materials],
        images=images,
        textures=[gltf.Texture(source=index, sampler=0) for index in range(len(images))],
        samplers=[gltf.Sampler(magFilter=9729, minFilter=9987, wrapS=33071, wrapT=33071)] if images else [],
        accessors=binary.accessors,
        bufferViews=binary.views,
        buffers=[gltf.Buffer(byteLength=len(binary.data))],
    )
    document.set_binary_blob(bytes(binary.data))
    return b"".join(document.save_to_bytes())


def _import_pygltflib() -> Any:
    try:
        import pygltflib
    except ImportError as error:
        raise MissingPackageError('Writing .glb files needs pygltflib: pip install "fsynth[mesh]"') from error
    return pygltflib


def _primitive(head: Head, triangles: np.ndarray, material: int, textured: bool, binary: _Buffer, gltf: Any) -> Any:
    """The triangles of one material, with vertices of their own: one for each pair of vertex and UV in use."""
    corners = head.triangles[0][triangles].ravel().astype(np.int64)
    textured = textured and head.uvs is not None
    uv_corners = head.uv_triangles[triangles].ravel() if textured else np.zeros_like(corners)
    pairs, indices = np.unique(corners << 32 | uv_corners, return_inverse=True)
    vertices, uvs = pairs >> 32, pairs & 0xFFFFFFFF
    attributes = gltf.Attributes(
        POSITION=binary.vectors(head.vertices[vertices], gltf.ARRAY_BUFFER, bounds=True),
        NORMAL=binary.vectors(head.normals()[vertices], gltf.ARRAY_BUFFER),
    )
    if textured and head.uvs is not None:
        flipped = head.uvs[uvs] * np.array([1, -1], np.float32) + np.array([0, 1], np.float32)  # glTF's v runs down
        attributes.TEXCOORD_0 = binary.vectors(flipped, gltf.ARRAY_BUFFER)
    if head.texture is None and head.colours is not None:
        # Vertex colours are light, not sRGB (glTF 2.0, 3.7.2.1).
        attributes.COLOR_0 = binary.vectors(to_linear(head.colours[vertices]), gltf.ARRAY_BUFFER)
    targets = [{"POSITION": binary.displacements(displacement[vertices])} for displacement in head.shape_keys.values()]
    return gltf.Primitive(
        attributes=attributes, indices=binary.indices(indices.ravel()), material=material, targets=targets
    )


def _add_images(head: Head, materials: list[Material], binary: _Buffer, gltf: Any) -> list[Any]:
    """The texture: a JPEG of its colours, and if anything is cut out a PNG of that alone, which needs the alpha."""
    from PIL import Image

    assert head.texture is not None
    stream = io.BytesIO()
    Image.fromarray(head.texture[..., :3]).save(stream, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    images = [gltf.Image(name="colour", mimeType="image/jpeg", bufferView=binary.view(stream.getvalue()))]
    if any(material.cut_out for material in materials):
        cut_out = cut_out_texture(head)
        images += [gltf.Image(name="hair", mimeType="image/png", bufferView=binary.view(encode_png(cut_out)))]
    return images


def cut_out_texture(head: Head) -> np.ndarray:
    """What of a head's texture is cut out by alpha, brows and lashes, (S, S, 4) uint8; all else is 0.

    Raises:
        ArgumentError: the head has no texture.
    """
    if head.texture is None:
        raise ArgumentError("This head has no texture.")
    cut_out = head.texture.copy()
    cut_out[cut_out[..., 3] == 255] = 0
    return cut_out


def _material(material: Material, images: list[Any], gltf: Any) -> Any:
    surface = gltf.PbrMetallicRoughness(metallicFactor=0.0, roughnessFactor=material.roughness)
    if images and material.textured:
        surface.baseColorTexture = gltf.TextureInfo(index=int(material.cut_out))
    elif not material.textured:
        # Black: what it adds is its reflections alone. White would lie on pupils like milk.
        surface.baseColorFactor = [0.0, 0.0, 0.0, material.opacity]
    return gltf.Material(
        name=material.name,
        pbrMetallicRoughness=surface,
        alphaMode="BLEND" if material.cut_out or not material.textured else "OPAQUE",
        alphaCutoff=None,
        doubleSided=material.cut_out,
    )


class _Buffer:
    """The binary part of the file in the making, with the accessors and views that describe it."""

    def __init__(self, gltf: Any) -> None:
        self._gltf = gltf
        self._still: dict[int, int] = {}
        self.data = bytearray()
        self.views: list[Any] = []
        self.accessors: list[Any] = []

    def view(self, content: bytes, target: int | None = None) -> int:
        """Append bytes; the index of their view."""
        self.data += b"\0" * (-len(self.data) % 4)
        self.views.append(
            self._gltf.BufferView(buffer=0, byteOffset=len(self.data), byteLength=len(content), target=target)
        )
        self.data += content
        self.data += b"\0" * (-len(self.data) % 4)
        return len(self.views) - 1

    def vectors(self, values: np.ndarray, target: int, *, bounds: bool = False) -> int:
        """Append float vectors (n, 2 or 3); the index of their accessor."""
        accessor = self._accessor(values, bounds)
        accessor.bufferView = self.view(np.ascontiguousarray(values, np.float32).tobytes(), target)
        return self._append(accessor)

    def indices(self, values: np.ndarray) -> int:
        """Append the corners of triangles, one after the other; the index of their accessor."""
        # 65535 would restart a primitive.
        small = values.max() < 65535
        accessor = self._gltf.Accessor(
            componentType=self._gltf.UNSIGNED_SHORT if small else self._gltf.UNSIGNED_INT,
            count=len(values),
            type=self._gltf.SCALAR,
        )
        content = values.astype(np.uint16 if small else np.uint32).tobytes()
        accessor.bufferView = self.view(content, self._gltf.ELEMENT_ARRAY_BUFFER)
        return self._append(accessor)

    def displacements(self, values: np.ndarray) -> int:
        """Append what a shape does to n vertices (n, 3); the index of the accessor."""
        moved = np.flatnonzero((np.abs(values) > _STILL) @ np.ones(3, np.float32))
        if not len(moved):
            # All shapes that leave these vertices alone share one accessor.
            if len(values) not in self._still:
                self._still[len(values)] = self.vectors(np.zeros_like(values), self._gltf.ARRAY_BUFFER, bounds=True)
            return self._still[len(values)]
        if len(moved) > 0.7 * len(values):
            return self.vectors(values, self._gltf.ARRAY_BUFFER, bounds=True)
        gltf = self._gltf
        kept = np.zeros_like(values)
        kept[moved] = values[moved]
        accessor = self._accessor(kept, True)
        small = len(values) <= 65536
        accessor.byteOffset = None
        accessor.sparse = gltf.Sparse(
            count=len(moved),
            indices=gltf.AccessorSparseIndices(
                bufferView=self.view(moved.astype(np.uint16 if small else np.uint32).tobytes()),
                componentType=gltf.UNSIGNED_SHORT if small else gltf.UNSIGNED_INT,
            ),
            values=gltf.AccessorSparseValues(bufferView=self.view(values[moved].astype(np.float32).tobytes())),
        )
        return self._append(accessor)

    def _accessor(self, values: np.ndarray, bounds: bool) -> Any:
        accessor = self._gltf.Accessor(componentType=self._gltf.FLOAT, count=len(values), type=f"VEC{values.shape[1]}")
        if bounds:
            columns = np.ascontiguousarray(values.T, np.float32)
            accessor.min, accessor.max = columns.min(axis=1).tolist(), columns.max(axis=1).tolist()
        return accessor

    def _append(self, accessor: Any) -> int:
        self.accessors.append(accessor)
        return len(self.accessors) - 1
