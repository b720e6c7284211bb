"""Files of morphable models: one module per format, each with ``read(path) -> MorphableModel``."""
