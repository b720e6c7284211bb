"""Third-party networks turned into the ONNX files that ship in ``fsynth.networks``. Anyone can run it again."""
