"""Drones: where one looks, what ground a pixel shows, and routes that cover an area.

``pose.Pose`` holds a moment of flight, ``ground.locate`` turns a pixel into a place with its
error, ``coverage.plan`` makes a patrol :class:`drones.coverage.Mission` over a polygon.
"""
