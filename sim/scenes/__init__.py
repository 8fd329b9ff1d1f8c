"""The scenes that can be played: four demo scenes and a shelf of trial scenes for tests.

``demo()`` builds the four of the demo township, ``build(name)`` any one, ``ZONES`` says where in
the pictures of the demo scenes the township watches, ``PLACES`` how it sounds there.
"""

from sim.scenes.shelf import NAMES, PLACES, ZONES, build, demo

__all__ = ["NAMES", "PLACES", "ZONES", "build", "demo"]
