"""The command line: one file a group of commands.

``--json`` gives output for machines; the exit code is 0 only on success; a mistake that a person
can mend is one line on standard error. :mod:`wardwatch.cli.app` joins the groups.
"""
