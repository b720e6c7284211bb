# SPDX-License-Identifier: GPL-3.0-or-later
"""Packed images, from files in memory."""

from __future__ import annotations

import struct

import bpy

from .removal import Created

KIND = "fsynth_image"
"""Custom property of images: which of ``Made.images`` it is."""


def make_image(name: str, kind: str, png: bytes, created: Created) -> bpy.types.Image:
    """An image packed into the .blend file; Blender decodes it when it is first shown."""
    width, height = struct.unpack(">II", png[16:24])
    image = created.add(bpy.data.images.new(name, width, height))
    image.source = "FILE"
    image[KIND] = kind
    image.filepath_raw = f"//{image.name}.png"  # where "Unpack" would put it
    image.pack(data=png, data_len=len(png))
    image.colorspace_settings.name = "sRGB"
    return image
