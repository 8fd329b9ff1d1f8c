"""Composition root: the only place where the rooms meet.

``processes/`` holds what each process runs, ``supervisor.py`` keeps the processes alive,
``demo.py`` and ``replay.py`` are the two whole jobs, ``cli/`` is the command line. Nothing here
decides anything about violations; it only joins faces.
"""
