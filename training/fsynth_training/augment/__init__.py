"""Data augmentation by random morphs (paper section 5): a few hundred faces to as many as training wants."""
