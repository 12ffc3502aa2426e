"""Runs workflows: the local reference executor and the Ray executor behind one Protocol."""
