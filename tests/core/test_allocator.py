"""Freed memory is kept: the next picture of the same size costs no new pages."""

import subprocess
import sys

import pytest

_FAULTS = """
import resource, sys
import numpy as np
from core.allocator import keep_freed_memory

if "keep" in sys.argv and not keep_freed_memory():
    sys.exit(77)
def work():
    for _ in range(200):
        pictures = [np.ones(2 << 20, np.uint8) for _ in range(4)]
        del pictures
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_freed_memory_is_used_again() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FAULTS, "keep"], capture_output=True, text=True, check=False
    )
    if done.returncode == 77:
        pytest.skip("this C library has no mallopt")
    assert done.returncode == 0, done.stderr
    # Eight hundred pictures of 512 pages each: 400 000 faults without it.
    assert int(done.stdout) < 20_000
