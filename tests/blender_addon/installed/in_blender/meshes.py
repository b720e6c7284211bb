"""The points of all meshes in the file that is open."""

import bpy
import numpy as np


def points_of_meshes() -> tuple[dict[str, np.ndarray], dict[str, list[str]]]:
    """By object: points (S, N, 3) in the world, metres, of S shape keys (1 where there are none); names of the keys."""
    points, keys = {}, {}
    bpy.context.view_layer.update()
    for item in bpy.data.objects:
        if item.type != "MESH":
            continue
        blocks = list(item.data.shape_keys.key_blocks) if item.data.shape_keys else []
        matrix = np.array(item.matrix_world)
        shapes = []
        for holder in [block.data for block in blocks] or [item.data.vertices]:
            flat = np.empty(3 * len(holder), np.float32)
            holder.foreach_get("co", flat)
            shapes.append(flat.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3])
        points[item.name] = np.array(shapes)
        keys[item.name] = [block.name for block in blocks]
    return points, keys
