"""Run the command line as a person does."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def wardwatch(
    *arguments: str | Path, timeout_s: float = 240, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Output and exit code of ``wardwatch …``."""
    return subprocess.run(
        [sys.executable, "-m", "wardwatch", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        cwd=ROOT,
        env={**os.environ, **environment},
    )


def complaint(done: "subprocess.CompletedProcess[str]") -> str:
    """The one message of a command that failed; a traceback is not one."""
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stderr, done.stderr
    (line,) = [one for one in done.stderr.splitlines() if one.startswith("wardwatch: ")]
    return line.removeprefix("wardwatch: ")
