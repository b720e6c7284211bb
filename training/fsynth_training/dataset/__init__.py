"""Photographs of people to clean targets and identity features: sections 6.1 and 6.2 of the paper."""
