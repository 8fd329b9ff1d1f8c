"""Ground truth as JSON lines: one line per picture, then one per event.

``{"picture": 0, "t_s": 0.0, "objects": [{"id": 1, "label": "person", "box": [x, y, w, h]}]}``
``{"event": "fishing", "actor": 1, "start_s": 24.9, "end_s": null, "heard_s": [61.0]}``
Boxes are normalised; times are seconds from the first picture of the scene.
"""

import json
from collections.abc import Iterable
from typing import TextIO

from sim.base import ScenePicture, TruthEvent


def picture_line(picture: ScenePicture) -> str:
    """One picture's objects as one line of JSON."""
    return json.dumps(
        {
            "picture": picture.index,
            "t_s": round(picture.t_s, 3),
            "objects": [
                {
                    "id": thing.id,
                    "label": thing.label,
                    "box": [round(float(value), 5) for value in thing.box],
                }
                for thing in picture.objects
            ],
        }
    )


def event_line(event: TruthEvent) -> str:
    """One event as one line of JSON."""
    return json.dumps(
        {
            "event": event.kind.value,
            "actor": event.actor,
            "start_s": round(event.start_s, 3),
            "end_s": None if event.end_s is None else round(event.end_s, 3),
            "heard_s": [round(at, 3) for at in event.heard_s],
        }
    )


def write_truth(
    out: TextIO, pictures: Iterable[ScenePicture], events: Iterable[TruthEvent]
) -> None:
    """Write the truth of a played scene; ``events`` is read after the last picture."""
    for picture in pictures:
        out.write(picture_line(picture) + "\n")
    for event in events:
        out.write(event_line(event) + "\n")
