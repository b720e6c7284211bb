"""fsynth: a photograph of a person in, their normalized face out."""
