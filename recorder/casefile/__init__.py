"""Case files (案卷): everything about an incident in one ZIP that anybody can check.

``making.make`` writes one; ``exports.Exports`` makes them for the console, one after another,
in a folder from which whole ones are fetched; ``station.Station`` is what both need.
"""
