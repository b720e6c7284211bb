"""Normalized face to 3-D head: morphable models, their fit to landmarks, their texture, and mesh files."""
