"""Composition root: the only place where the rooms meet.

``processes/`` holds what each process runs, ``supervisor.py`` keeps the processes alive,
``sources/`` opens cameras, ``following/`` takes over what is edited while running, ``cameras/``
is the office that edits it, ``demo.py`` and ``replay.py`` are the two whole jobs, ``cli/`` is the
command line. Nothing here decides anything about violations; it only joins faces.
"""
