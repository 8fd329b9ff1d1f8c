"""Making a copy of a sealed clip and sealing it beside its parent."""

import tempfile
import threading
from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path

from core.cases import EvidenceItem
from core.copies import CopyWanted
from core.value import Text
from recorder.copies import derivation
from recorder.copies.band import Band
from recorder.copies.film import Made, remake
from recorder.copies.masks import Finder, Masks, look
from recorder.copies.mosaic import Area, mask
from recorder.copies.picture import Picture
from recorder.errors import RecorderError, VaultError
from recorder.seal.custody import Act
from recorder.seal.digests import Digests, digests_of
from recorder.vault import Vault

ORIGINALS = ("clip", "before", "after")


class CopyMaker:
    """Makes copies, one after the other; the original is only read.

    Args:
        vault: where the clip is sealed and its copy will be.
        timezone: of the local clock in working copies.
        finder: opens the model, when a copy needs one; None where there is none.
    """

    def __init__(
        self, vault: Vault, timezone: tzinfo, finder: Callable[[], Finder] | None = None
    ) -> None:
        self._vault, self._timezone, self._open = vault, timezone, finder

    def make(
        self,
        wanted: CopyWanted,
        camera: Text,
        *,
        unit: str = "",
        stop: threading.Event | None = None,
    ) -> list[EvidenceItem]:
        """Make the copy and its ``derivation.json``, and seal both.

        The same request again returns what was sealed the first time.

        Args:
            camera: what the camera is called, for the burnt-in clock.
            unit: the unit that whoever asked acts for.

        Raises:
            RecorderError: the clip cannot be read, was changed, or there is no model.
            VaultError: no such clip, or the copy cannot be sealed.
        """
        items = self._vault.manifest(wanted.incident).items
        done = [one for one in items if one.id.startswith(f"{wanted.id}-")]
        if any(one.role == "derivation" for one in done):
            return done
        parent = next((one for one in items if one.id == wanted.item), None)
        if parent is None or parent.role not in ORIGINALS:
            raise VaultError(
                f"incident {wanted.incident}: {wanted.item!r} is no sealed clip; copies are made "
                f"of {', '.join(ORIGINALS)}"
            )
        with tempfile.TemporaryDirectory(prefix=".copying-", dir=self._vault.root) as scratch:
            return self._make(wanted, parent, camera, unit, Path(scratch), stop)

    def _make(
        self,
        wanted: CopyWanted,
        parent: EvidenceItem,
        camera: Text,
        unit: str,
        scratch: Path,
        stop: threading.Event | None,
    ) -> list[EvidenceItem]:
        source = self._vault.at_hand(parent)
        self._check(source, parent)
        out = scratch / "copy.mp4"
        if wanted.masking is None:
            editing = _Clock(wanted.incident, camera, self._timezone)
            made = remake(source, parent.first_ns, out, editing.edit, sound=wanted.sound, stop=stop)
            more = editing.facts()
        else:
            finder = self._finder(wanted)
            masks = look(source, parent.first_ns, wanted.masking, finder)
            masking = _Masking(masks)
            made = remake(source, parent.first_ns, out, masking.edit, sound=wanted.sound, stop=stop)
            more = derivation.masked_of(wanted, finder, masks.things, masks.review, masking.areas)
        digests = digests_of(out)
        content = {**derivation.base_of(wanted, parent, made, digests), **more}
        side = derivation.write(content, scratch / "derivation.json")
        return self._seal(wanted, parent, unit, made, digests, side)

    def _check(self, source: Path, parent: EvidenceItem) -> None:
        """A copy of what is no longer the original would look as if it were one of it."""
        found = digests_of(source).sha256 if source.is_file() else "no file"
        if found != parent.sha256:
            raise VaultError(
                f"{source}: is not what was sealed ({found[:12]} instead of "
                f"{parent.sha256[:12]}); no copy is made of it"
            )

    def _finder(self, wanted: CopyWanted) -> Finder | None:
        if wanted.masking is None or not wanted.masking.detects:
            return None
        if self._open is None:
            raise RecorderError(
                f"incident {wanted.incident}: no model to find people and vehicles with; mask by "
                "hand only (people: none, vehicles: none)"
            )
        return self._open()

    def _seal(
        self,
        wanted: CopyWanted,
        parent: EvidenceItem,
        unit: str,
        made: Made,
        digests: Digests,
        side: Path,
    ) -> list[EvidenceItem]:
        role = "working" if wanted.masking is None else "redacted"
        # The name holds the content's hash: after a crash between the two, a copy that came out
        # otherwise is a file of its own, and each derivation names the one it belongs to.
        tail = digests.sha256[:10]
        sealed = [
            self._vault.seal(
                wanted.incident,
                kind,
                file,
                camera=parent.camera,
                first_ns=parent.first_ns,
                last_ns=parent.last_ns,
                item_id=f"{wanted.id}-{tail}{mark}",
                parent_sha256=parent.sha256,
                note=note,
            )
            for kind, mark, file, note in (
                (role, "", made.path, "a copy, re-encoded; the original is its parent"),
                ("derivation", "-how", side, f"how the {role} copy {tail} was made"),
            )
        ]
        act = Act(
            "copied",
            actor=wanted.by,
            unit=unit,
            reason=wanted.reason,
            object=sealed[0].path.removeprefix(f"{wanted.incident}/"),
            before=parent.sha256,
            after=sealed[0].sha256,
        )
        self._vault.tell(wanted.incident, [act])
        return sealed


class _Clock:
    """Sets the band below every picture; its size is known with the first one."""

    def __init__(self, incident: str, camera: Text, timezone: tzinfo) -> None:
        self._incident, self._camera, self._timezone = incident, camera, timezone
        self._band: Band | None = None

    def edit(self, _number: int, utc_ns: int, picture: Picture) -> Picture:
        if self._band is None:
            self._band = Band(
                picture.width,
                picture.height,
                incident=self._incident,
                camera=self._camera,
                timezone=self._timezone,
            )
        return self._band.below(picture, utc_ns)

    def facts(self) -> dict[str, object]:
        return {"clock": {"band_px": self._band.height if self._band else 0}}


class _Masking:
    def __init__(self, masks: Masks) -> None:
        self._masks = masks
        self.areas: dict[int, list[Area]] = {}

    def edit(self, number: int, utc_ns: int, picture: Picture) -> Picture:
        areas = self._masks.areas(utc_ns, picture.width, picture.height)
        if areas:
            self.areas[number] = areas
        for area in areas:
            mask(picture, area)
        return picture
