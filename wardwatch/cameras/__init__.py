"""Administering cameras: find, try, add, change and remove them.

The face is :class:`wardwatch.cameras.office.Office`; ``roster.py`` edits ``cameras.yaml``,
``probing.py`` asks devices, ``spreadsheet.py`` reads lists of cameras.
"""
