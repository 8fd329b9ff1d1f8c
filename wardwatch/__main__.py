"""``python -m wardwatch`` is the command line."""

from wardwatch.cli import main

main()
