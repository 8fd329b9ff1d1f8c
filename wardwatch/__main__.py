"""``python -m wardwatch`` is the command line."""

from wardwatch.cli.app import main

main()
