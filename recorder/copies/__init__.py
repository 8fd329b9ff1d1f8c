"""Copies of sealed clips: a working copy with a burnt-in clock, a masked copy for showing.

``CopyMaker`` makes and seals them, each with a ``derivation.json`` that names its parent;
``compare`` proves from the pictures themselves that a copy comes from its parent.
"""
