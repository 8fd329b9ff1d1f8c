"""Runtimes that execute a model file, one file each; :class:`base.Backend` is their face."""
