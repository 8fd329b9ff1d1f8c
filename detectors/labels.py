"""Which class names mean much the same.

COCO models confuse a van with a car, a truck or a bus from one frame to the next, so those
are one group for association; the track's label is then the most frequent name. Older class
lists say motorbike and aeroplane where newer ones say motorcycle and airplane.
"""

VEHICLES = frozenset({"car", "truck", "bus", "train", "van", "tricycle", "excavator"})
CYCLES = frozenset({"bicycle", "motorbike", "motorcycle"})
ANIMALS = frozenset({"bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear"})
PERSON = "person"
BOAT = "boat"
RODS = frozenset({"fishing rod", "rod"})
NETS = frozenset({"fishing net", "net"})
GEAR = RODS | NETS

MOVERS = frozenset({PERSON, BOAT}) | VEHICLES | CYCLES | ANIMALS
"""Things that come and go by themselves: never goods, never dumped."""

_GROUPS = dict.fromkeys(VEHICLES, "vehicle") | dict.fromkeys(CYCLES, "cycle")


def group(label: str) -> str:
    """Name of the group within which detections and tracks may be matched."""
    return _GROUPS.get(label, label)
