"""What people at the desk decide, kept as pictures with boxes that a model can be trained on.

:class:`keeper.Keeper` keeps judged incidents below ``data/teaching``, :class:`moments.Moments`
what was seen when they fired, and :func:`dataset.export` makes training sets of them.
"""
