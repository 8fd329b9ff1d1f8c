"""Composition root: which processes run what, and the command line."""
