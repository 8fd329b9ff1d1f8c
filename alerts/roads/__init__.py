"""How long the way takes: a road map read from OpenStreetMap extracts, and searches on it.

:func:`alerts.roads.cache.open_roads` gives the map, :class:`alerts.roads.graph.Roads` answers how
long everybody needs to one place, :mod:`alerts.roads.reach` draws where a number of minutes goes.
"""
