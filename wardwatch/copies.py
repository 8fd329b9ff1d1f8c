"""Copies of sealed clips: the recorder's maker with the detectors' eyes."""

import os
import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.cases import EvidenceItem
from core.clock import Clock
from core.config.site import Site
from core.copies import CopyWanted
from core.geometry import Box
from core.value import Text
from detectors.engine import Engine
from detectors.names import in_our_words
from detectors.regions import WHOLE, Plan
from models.store import Store
from recorder.copies.following import Spot
from recorder.copies.maker import CopyMaker
from recorder.copies.masks import Finder
from wardwatch.paths import Paths
from wardwatch.vaults import open_vault

NICE = 15
MIN_SCORE = 0.2
"""Lower than for the watch: here a false alarm costs a blurred bush, a miss somebody's face."""
_OVERLAP = 1.3
_MOST_TILES = 4


def make_copy(
    site: Site,
    paths: Paths,
    clock: Clock,
    wanted: CopyWanted,
    stop: threading.Event | None = None,
) -> list[EvidenceItem]:
    """Make and seal a copy.

    Raises:
        WardwatchError: it cannot be made; nothing of it is sealed.
    """
    vault = open_vault(site, paths, clock)
    items = vault.manifest(wanted.incident).items
    of = next((one.camera for one in items if one.id == wanted.item), "")
    camera = site.camera(of)
    maker = CopyMaker(vault, site.zone_info, lambda: finder_of(site))
    name = camera.name if camera is not None else Text.same(of)
    return maker.make(wanted, name, unit=site.name.zh, stop=stop)


def finder_of(site: Site) -> Finder:
    """The model of this site, made to look closely: at the whole picture and at parts of it.

    Raises:
        WardwatchError: there is no usable model.
    """
    store = Store()
    name = site.analysis.model
    card = store.default() if name == "auto" else store.ensure(name)
    engine = Engine(
        card,
        min_score=MIN_SCORE,
        threads=site.analysis.threads or os.cpu_count() or 1,
        runtime=site.analysis.runtime,
        device=site.analysis.device,
    )

    def find(picture: NDArray[np.uint8]) -> Sequence[Spot]:
        parts = close_look(picture.shape[:2], engine.input_size)
        found = in_our_words(
            parts.gather(engine.detect(parts.pictures(picture, engine.input_size)), card.input_size)
        )
        return [
            Spot(label, float(score), Box(*box))
            for label, score, box in zip(
                found.labels, found.scores.tolist(), found.boxes.tolist(), strict=True
            )
        ]

    return Finder(find, card.name, card.sha256, MIN_SCORE)


def close_look(picture: tuple[int, int], model: tuple[int, int]) -> Plan:
    """The whole picture, and as many overlapping parts as show it at about its own size."""
    per_side = min(_MOST_TILES, round(picture[0] / model[0]))
    if per_side < 2:
        return Plan((WHOLE,))
    size = min(1.0, _OVERLAP / per_side)
    starts = [number * (1 - size) / (per_side - 1) for number in range(per_side)]
    return Plan((WHOLE, *(Box(x, y, size, size) for y in starts for x in starts)))
