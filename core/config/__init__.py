"""Typed configuration: one directory of YAML files, read into frozen models.

:func:`core.config.load.load` reads it; :class:`core.config.site.Site` is the whole. Titles and
descriptions on the fields are the single source of the settings pages and the reference docs.
"""
