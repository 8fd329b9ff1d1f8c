"""Where an act is: from the foot of its box to the map, for cameras that stand and that fly.

Face: :class:`wardwatch.placing.placer.Placer`, between what looks and the bus. It never delays a
sighting and never loses one: what is not known leaves the place out.
"""
