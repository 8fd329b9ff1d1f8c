"""Keeps the pictures of judged incidents.

Only what is evidence already is kept: a picture is taken out of a sealed clip whose hash is
right, at the moment a sighting fired. Everything goes after ``teaching.keep_days``, or sooner
when it takes more than ``teaching.max_gb``.
"""

import hashlib
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import cv2
import structlog
from pydantic import ValidationError

from core.cases import EvidenceItem, Incident
from core.clock import NS_PER_S, Clock
from core.config.site import Site
from core.errors import WardwatchError
from core.store.database import Store
from recorder.snapshot import nearest
from recorder.vault import Vault, sha256_of
from wardwatch.teaching.lessons import (
    FILE,
    Judgement,
    Lesson,
    Picture,
    judgement_of,
    lessons,
    put,
)
from wardwatch.teaching.moments import KEPT_S, Moment, Moments

log = structlog.get_logger()

MOST_PICTURES = 8
"""Of one incident; more of the same scene teach nothing new."""
_NEWEST = 500
_QUALITY = 95
_NS_PER_DAY = 86_400 * NS_PER_S


class Keeper:
    """Looks at the store now and then; what was missed is made up for at the next look.

    Args:
        root: ``data/teaching``.
    """

    def __init__(
        self, root: Path, vault: Vault, store: Store, clock: Clock, moments: Moments
    ) -> None:
        self._root, self._vault, self._store = root, vault, store
        self._clock, self._moments = clock, moments
        self._failed: set[str] = set()

    def look(self, site: Site) -> list[Lesson]:
        """Keep what was judged since the last look and forget what is too old.

        Returns:
            The lessons that are new or have another verdict.
        """
        learned = []
        if site.teaching.keep_days > 0:
            with self._store.read() as unit:
                incidents = unit.incidents.find(newest_by="started_ns", limit=_NEWEST)
            oldest_ns = self._clock.utc_ns() - round(site.teaching.keep_days * _NS_PER_DAY)
            for incident in incidents:
                judgement = judgement_of(incident)
                if judgement is None or judgement.at_ns < oldest_ns:
                    continue
                lesson = self._learn(site, incident, judgement)
                if lesson is not None:
                    learned.append(lesson)
        self._forget(site)
        return learned

    def _learn(self, site: Site, incident: Incident, judgement: Judgement) -> Lesson | None:
        known = self._known(incident.id)
        if known is not None:
            if known.judgement == judgement:
                return None
            lesson = known.model_copy(update={"judgement": judgement})
        else:
            with self._store.read() as unit:
                seen = unit.sightings_of(incident)
                items = unit.evidence.find(incident=incident.id, role="clip")
            if incident.tips and all(one.source == "tip" for one in seen):
                return None  # no detector judged what these pictures show
            try:
                pictures, model = self._pictures(incident, items)
            except (WardwatchError, OSError) as error:
                if incident.id not in self._failed:
                    log.error("not kept for teaching", incident=incident.id, error=str(error))
                self._failed.add(incident.id)
                return None
            if not pictures:
                return None
            began = datetime.fromtimestamp(incident.started_ns // NS_PER_S, UTC)
            lesson = Lesson(
                incident=incident.id,
                camera=incident.camera,
                zone=incident.zone,
                kind=incident.kind,
                day=began.astimezone(site.zone_info).date().isoformat(),
                model=model,
                judgement=judgement,
                pictures=pictures,
            )
        content = lesson.model_dump_json(indent=1).encode()
        put(self._root / incident.id / FILE, content)
        facts = {
            "verdict": judgement.verdict,
            "judged_by": judgement.by,
            "sha256": hashlib.sha256(content).hexdigest(),
            "pictures": [picture.sha256 for picture in lesson.pictures],
        }
        with self._store.begin() as unit:
            unit.audit.append("system", "teaching.kept", incident.id, judgement.reason, facts)
        log.info("kept for teaching", incident=incident.id, verdict=judgement.verdict)
        return lesson

    def _known(self, incident: str) -> Lesson | None:
        try:
            return Lesson.model_validate_json((self._root / incident / FILE).read_bytes())
        except (OSError, ValidationError):
            return None  # made anew from the evidence

    def _pictures(
        self, incident: Incident, items: list[EvidenceItem]
    ) -> tuple[tuple[Picture, ...], str]:
        """Pictures of the moments that sealed clips show, and the model that saw them."""
        moments = [self._moments.get(name) for name in incident.sightings]
        found: list[Picture] = []
        model = ""
        for moment, clip in _shown([one for one in moments if one is not None], items):
            if len(found) == MOST_PICTURES:
                break
            found.append(self._take(incident.id, len(found) + 1, moment, clip))
            model = model or moment.model
        return tuple(found), model

    def _take(self, incident: str, number: int, moment: Moment, clip: EvidenceItem) -> Picture:
        path = self._vault.at_hand(clip)
        if sha256_of(path) != clip.sha256:
            raise OSError(f"{path}: not as it was sealed")
        frame, time_ns = nearest(path, clip.first_ns, moment.fired_ns)
        pixels = frame.to_ndarray(format="bgr24")
        done, coded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        if not done:
            raise OSError(f"{path}: the picture cannot be written as JPEG")
        content = coded.tobytes()
        name = f"{number}.jpg"
        put(self._root / incident / name, content)
        return Picture(
            file=name,
            sha256=hashlib.sha256(content).hexdigest(),
            time_ns=time_ns,
            width=pixels.shape[1],
            height=pixels.shape[0],
            clip_sha256=clip.sha256,
            objects=moment.objects or (),
        )

    def _forget(self, site: Site) -> None:
        now_ns = self._clock.utc_ns()
        self._moments.forget(now_ns - KEPT_S * NS_PER_S)
        oldest_ns = now_ns - round(site.teaching.keep_days * _NS_PER_DAY)
        left = round(site.teaching.max_gb * 1e9)
        kept = sorted(lessons(self._root), key=lambda one: -one.judgement.at_ns)
        for lesson in kept:
            folder = self._root / lesson.incident
            left -= sum(file.stat().st_size for file in folder.iterdir())
            if lesson.judgement.at_ns >= oldest_ns and left >= 0:
                continue
            shutil.rmtree(folder)
            why = "too old" if lesson.judgement.at_ns < oldest_ns else "no room"
            with self._store.begin() as unit:
                unit.audit.append("system", "teaching.forgotten", lesson.incident, why)


def _shown(
    moments: list[Moment], clips: list[EvidenceItem]
) -> Iterator[tuple[Moment, EvidenceItem]]:
    """Each moment with the clip that shows it."""
    for moment in moments:
        for clip in clips:
            if clip.first_ns <= moment.fired_ns <= clip.last_ns:
                yield moment, clip
                break
