"""``derivation.json``: what a copy was made from, with what, how, picture by picture.

Schema ``wardwatch.derivation/1``; docs/design/evidence.md says what each name means.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import av

from core.cases import EvidenceItem
from core.clock import iso
from core.copies import CopyWanted
from recorder.copies.film import QUALITY, Made
from recorder.copies.following import Followed, Review
from recorder.copies.masks import LOOK_EVERY_S, Finder
from recorder.copies.mosaic import Area
from recorder.errors import RecorderError
from recorder.seal.check.times import utc_text
from recorder.seal.digests import Digests
from recorder.seal.manifest import tool

SCHEMA = "wardwatch.derivation/1"
LIMITS = (
    "A model finds most people and vehicles, not all: small, hidden or lying ones may be missed. "
    "A person must look through the film, at the pictures under `review` first, before it leaves "
    "the house. Voices, clothes under `head`, writing on vehicles and the surroundings can still "
    "tell who somebody is."
)


def base_of(
    wanted: CopyWanted, parent: EvidenceItem, made: Made, output: Digests
) -> dict[str, Any]:
    """What every copy has."""
    return {
        "schema": SCHEMA,
        "kind": "redacted" if wanted.masking is not None else "working",
        "parent": {
            "id": parent.id,
            "path": parent.path,
            "sha256": parent.sha256,
            "size": parent.bytes,
            "first_utc": utc_text(parent.first_ns),
        },
        "output": {
            "sha256": output.sha256,
            "sm3": output.sm3,
            "size": output.size,
            "width": made.width,
            "height": made.height,
            "frames": len(made.frames),
            "sound": made.sound,
        },
        "tool": {
            **tool(),
            "encoder": f"libx264 {' '.join(f'{k}={v}' for k, v in sorted(QUALITY.items()))}",
            "libraries": {
                name: ".".join(map(str, version)) for name, version in av.library_versions.items()
            },
            "pyav": av.__version__,
        },
        "asked": {"by": wanted.by, "reason": wanted.reason},
        "time_base": [made.time_base.numerator, made.time_base.denominator],
        # Picture n of the copy is picture n of the parent, shown at the same time.
        "frames": [[one.number, one.pts, utc_text(one.utc_ns)] for one in made.frames],
    }


def masked_of(
    wanted: CopyWanted,
    finder: Finder | None,
    things: Sequence[Followed],
    review: Sequence[Review],
    areas: Mapping[int, Sequence[Area]],
) -> dict[str, Any]:
    """What a masked copy has beside it."""
    if wanted.masking is None:
        return {}
    return {
        "masking": wanted.masking.model_dump(mode="json"),
        "model": None
        if finder is None
        else {
            "name": finder.model,
            "sha256": finder.sha256,
            "min_score": finder.min_score,
            "look_every_s": LOOK_EVERY_S,
        },
        "found": [
            {
                "thing": one.id,
                "group": one.group,
                # picture, x, y, w, h (normalised), score, label
                "seen": [
                    [n, *(round(v, 5) for v in spot.box), round(spot.score, 3), spot.label]
                    for n, _, spot in one.seen
                ],
            }
            for one in things
        ],
        # picture: x, y, w, h and edge of the blocks, pixels of the copy; edge 0: filled
        "masked": {
            str(n): [[a.x, a.y, a.w, a.h, a.block] for a in found]
            for n, found in sorted(areas.items())
        },
        "review": [
            {"picture": one.number, "at": iso(one.utc_ns), "why": one.why, "thing": one.thing}
            for one in review
        ],
        "limits": LIMITS,
    }


def write(content: Mapping[str, Any], out: Path) -> Path:
    """Write it for people and programs to read."""
    out.write_text(
        json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8"
    )
    return out


def read(path: Path) -> dict[str, Any]:
    """Read it again.

    Raises:
        RecorderError: it is none.
    """
    try:
        content = json.loads(path.read_bytes())
        if content["schema"] != SCHEMA:
            raise ValueError(f"its schema is {content['schema']!r}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecorderError(f"{path}: is no {SCHEMA}: {error}") from None
    found: dict[str, Any] = content
    return found
