"""Behaviours: state machines over tracks and static things in zones.

:class:`base.Behaviour` is their face, :func:`registry.behaviours_of` makes those of a camera.
"""
