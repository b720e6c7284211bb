"""A look into the feature space: what lies between two people, and what its directions change (the paper's tool)."""
