"""Identity features and clean targets to weights: section 3.3 of the paper."""
