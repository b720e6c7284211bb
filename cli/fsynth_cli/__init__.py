"""The ``fsynth`` command: one module per command, and what they share. Importing it imports click and nothing heavy."""
