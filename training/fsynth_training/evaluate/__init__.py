"""How good weights are, on people they never saw: section 7 of the paper."""
