"""Entry of every child process."""

import sys

from wardwatch.processes.entry import main

main(sys.argv[1], sys.argv[2])
