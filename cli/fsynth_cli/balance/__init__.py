"""``fsynth balance``: exposure and white balance of photos, from the faces in them."""
