"""What has to be done about tips while nobody asks: sealing their photos, forgetting them.

Everything is read from the store, so it goes on after a restart where it was; sealing the same
photo again gives the same item.
"""

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import structlog

from console.services import Services
from console.tips.photos import Album
from core.clock import NS_PER_S
from core.errors import WardwatchError
from core.fieldwork import EvidenceIntake
from core.tips import WAITING, Tip, TipChanged, TipPhoto, TipState

SETTLED = (TipState.HANDLED, TipState.DECLINED, TipState.TRANSFERRED)
_DAY_NS = 86_400 * NS_PER_S
_AT_ONCE = 20
_log = structlog.get_logger()


class Keeper:
    """Looks after the tips of a house."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._album = Album(services.tips_root)

    def seal(self) -> int:
        """Seal the photos of accepted tips as evidence of their incidents; how many."""
        intake = self._services.intake
        if intake is None:
            return 0
        with self._services.store.read() as unit:
            found = unit.tips.find(unsealed=True, limit=_AT_ONCE)
        count = 0
        for tip in found:
            for photo in tip.photos:
                if photo.evidence is None:
                    try:
                        count += self._seal(intake, tip, photo)
                    except (WardwatchError, OSError) as error:
                        _log.error("tips.not_sealed", tip=tip.id, error=str(error))
        return count

    def forget(self) -> int:
        """Forget tips that are past their days, with their photos; how many.

        Settled ones count from their last step, those that nobody decided from their arrival.
        """
        config = self._services.site.tips
        undecided = min(config.undecided_days, config.keep_days)
        return self._forget("tip.forgotten", SETTLED, "keep_days", config.keep_days) + self._forget(
            "tip.expired", WAITING, "undecided_days", undecided
        )

    def _forget(self, action: str, states: Sequence[TipState], rule: str, days: int) -> int:
        before_ns = self._services.clock.utc_ns() - days * _DAY_NS
        with self._services.store.read() as unit:
            old = unit.tips.find(
                newest_by="submitted_ns", before=before_ns, state=[one.value for one in states]
            )
        count = 0
        for known in old:
            with self._services.store.begin() as unit:
                tip = unit.tips.get(known.id)
                if tip is None or tip.state not in states or tip.unsealed:
                    continue  # somebody decided meanwhile
                if tip.state in SETTLED and tip.history[-1].at_ns >= before_ns:
                    continue
                unit.tips.remove(tip.id)
                facts = {"state": tip.state.value, "rule": f"tips.{rule}={days}"}
                unit.audit.append("system", action, tip.id, "", facts)
            self._album.drop(known.id)
            news = TipChanged(id=known.id, state=known.state, at_ns=self._services.clock.utc_ns())
            self._services.feed.push("tips", news)
            count += 1
        return count

    def _seal(self, intake: EvidenceIntake, tip: Tip, photo: TipPhoto) -> bool:
        path = self._album.path(tip.id, photo.number)
        evidence = ""
        if path.is_file():
            # The vault moves what it takes in; the desk goes on showing the photo from here.
            with tempfile.TemporaryDirectory(dir=path.parent) as folder:
                copy = Path(folder) / path.name
                _copy(path, copy)
                evidence = intake.seal(
                    tip.incident,
                    "tip_photo",
                    copy,
                    item_id=f"tp-{tip.id}-{photo.number}",
                    source="public",
                    mime="image/jpeg",
                    first_ns=tip.happened_ns,
                    last_ns=tip.happened_ns,
                    note=_note(tip, photo),
                ).id
        else:
            _log.error("tips.photo_missing", tip=tip.id, number=photo.number)
        with self._services.store.begin() as unit:
            known = unit.tips.get(tip.id)
            if known is None or known.incident != tip.incident:
                return False
            photos = tuple(
                one.model_copy(update={"evidence": evidence}) if one.number == photo.number else one
                for one in known.photos
            )
            unit.tips.put(known.model_copy(update={"photos": photos}))
        return bool(evidence)


def _note(tip: Tip, photo: TipPhoto) -> str:
    said = f"public tip {tip.id}; made anew from a file with SHA-256 {photo.sent_sha256}"
    if photo.taken:
        said += f"; the file says it was taken {photo.taken}"
    if photo.place is not None:
        said += f" at {photo.place.lon:.6f},{photo.place.lat:.6f}"
    return f"{said}; time of the act as the public tells it"


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as given, target.open("wb") as taken:
        shutil.copyfileobj(given, taken)
        taken.flush()
        os.fsync(taken.fileno())
