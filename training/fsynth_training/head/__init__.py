"""The embedded head of ``fsynth_morphable``, built from CC0 data: see ``__main__`` for the command."""
