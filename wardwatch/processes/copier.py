"""Make one copy of a sealed clip and end: ``CopyWanted`` on standard input, items on output.

A process of its own, so that encoding gives way to everything else and may be ended at any time.
"""

import os
import sys

from pydantic import TypeAdapter

from core.cases import EvidenceItem
from core.copies import CopyWanted
from wardwatch.copies import NICE, make_copy
from wardwatch.processes.context import Context

ITEMS = TypeAdapter(list[EvidenceItem])


def run(context: Context) -> None:
    """Make it.

    Raises:
        WardwatchError: it cannot be made.
    """
    os.nice(NICE)
    wanted = CopyWanted.model_validate_json(sys.stdin.buffer.read())
    items = make_copy(context.site, context.paths, context.clock, wanted, context.stop)
    sys.stdout.buffer.write(ITEMS.dump_json(items))
