"""The activity track for a time line: of any range, at the resolution that is asked for."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.clock import NS_PER_S
from core.playback import Activity
from recorder.activity import CHECK, OCTETS, STEP_NS, STEPS_A_DAY, activity_path

DAYS_SEARCHED = 8
"""How far the next movement is looked for."""
_DAY_NS = STEPS_A_DAY * STEP_NS
_READ_MOST = 64 * STEPS_A_DAY * OCTETS
"""A file that is larger is no day's, even of a clock that is set back all the time."""
_JOINED = 10 * NS_PER_S // STEP_NS
"""Movement that rests for less is one."""

Numbers = NDArray[np.int64]
Values = NDArray[np.int16]
"""(N, 4): movement, people, vehicles, animals."""

_STEP = np.dtype([("step", "<u2"), ("frames", "u1"), ("values", "u1", (4,)), ("check", "u1")])


def pooled(root: Path, camera: str, first_ns: int, last_ns: int, most: int) -> Activity:
    """A range in at most so many equal parts, none shorter than a step.

    A part tells the largest values of all steps that it has in common with.
    """
    part_ns = max(STEP_NS, -(-(last_ns - first_ns) // max(1, most)))
    count = -(-(last_ns - first_ns) // part_ns)
    out = np.full((count, 4), -1, np.int16)
    for day_ns in range(first_ns - first_ns % _DAY_NS, last_ns, _DAY_NS):
        numbers, values = _read(root, camera, day_ns)
        starts_ns = numbers * STEP_NS - first_ns
        here = (starts_ns > -STEP_NS) & (starts_ns < last_ns - first_ns)
        starts_ns, values = starts_ns[here], values[here]
        # No part is shorter than a step, so a step lies in two of them at most.
        for edge_ns in (starts_ns, starts_ns + STEP_NS - 1):
            np.maximum.at(out, np.clip(edge_ns // part_ns, 0, count - 1), values)
    moving, *others = out.T.tolist()
    people, vehicles, animals = ([max(0, one) for one in row] for row in others)
    return Activity(
        camera=camera,
        first_ns=first_ns,
        part_ns=part_ns,
        moving=tuple(None if one < 0 else one for one in moving),
        people=tuple(people),
        vehicles=tuple(vehicles),
        animals=tuple(animals),
    )


def next_movement(root: Path, camera: str, at_ns: int, *, back: bool) -> int | None:
    """UTC at which the next movement begins, or the last one that began before.

    Movement is one while it rests for less than ten seconds. A single step of it in which nothing
    was tracked is none: a lamp, an insect.
    """
    day_ns = at_ns - at_ns % _DAY_NS
    for away in range(DAYS_SEARCHED):
        wanted_ns = day_ns + (-away if back else away) * _DAY_NS
        # The day around it tells whether one that begins at midnight began before.
        begins = _beginnings(root, camera, wanted_ns)
        found = [one for one in begins if (one < at_ns if back else one > at_ns)]
        if found:
            return max(found) if back else min(found)
    return None


def _beginnings(root: Path, camera: str, day_ns: int) -> list[int]:
    """Beginnings of the movements of one day."""
    days = [_read(root, camera, day_ns + shift) for shift in (-_DAY_NS, 0, _DAY_NS)]
    numbers = np.concatenate([one[0] for one in days])
    values = np.concatenate([one[1] for one in days])
    moving = values[:, 0] > 0
    numbers, values = numbers[moving], values[moving]
    order = np.argsort(numbers, kind="stable")
    numbers, values = numbers[order], values[order]
    found = []
    for run in np.split(np.arange(len(numbers)), np.flatnonzero(np.diff(numbers) > _JOINED) + 1):
        if not len(run):
            continue
        begins_ns = int(numbers[run[0]]) * STEP_NS
        lasting = numbers[run[-1]] > numbers[run[0]] or values[run, 1:].any()
        if lasting and day_ns <= begins_ns < day_ns + _DAY_NS:
            found.append(begins_ns)
    return found


def _read(root: Path, camera: str, day_ns: int) -> tuple[Numbers, Values]:
    """The whole steps of a day as they were appended; what is torn or damaged is left out."""
    try:
        with activity_path(root, camera, day_ns).open("rb") as file:
            data = file.read(_READ_MOST)
    except OSError:
        data = b""
    data = data[: len(data) - len(data) % OCTETS]
    octets = np.frombuffer(data, np.uint8).reshape(-1, OCTETS)
    sums = octets[:, :-1].sum(axis=1, dtype=np.uint8) ^ np.uint8(CHECK)
    steps = np.frombuffer(data, _STEP)
    good = steps[(sums == octets[:, -1]) & (steps["step"] < STEPS_A_DAY)]
    numbers = good["step"].astype(np.int64) + day_ns // STEP_NS
    return numbers, good["values"].astype(np.int16)
