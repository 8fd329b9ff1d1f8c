"""Sets papers from the store, the configuration and a Typst template."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typst

from core.cases import Incident
from core.clock import NS_PER_S, Clock
from core.config.catalogue import Authority
from core.config.site import Site
from core.errors import WardwatchError
from core.lawbook import disposal, finding, ruling
from core.powers import PaperKind
from core.store.database import Store
from core.terms import role_words
from recorder.casefile.typeset import font_of_documents

_FOLDER = Path(__file__).parent
_AUTHORITY = {
    Authority.OWN: "法定事项",
    Authority.ASSIGNED: "赋权事项",
    Authority.DELEGATED: "委托事项",
    Authority.TRANSFER: "移送",
}


class PaperError(WardwatchError):
    """A paper that cannot be made; says why."""


class PaperOffice:
    """Makes papers of one site; ``site`` is replaced when the configuration changes."""

    def __init__(self, site: Site, store: Store, clock: Clock) -> None:
        self.site = site
        self._store, self._clock = store, clock

    def paper(self, incident: str, kind: PaperKind, by: str) -> bytes:
        """A paper about an incident.

        Raises:
            PaperError: no such incident, no row that applies, or it cannot be set.
        """
        return _typeset("papers.typ", self.facts(incident, kind, by))

    def assessment(self, sheet: Mapping[str, Any]) -> bytes:
        """The assessment sheet of :func:`core.supervision.sheet_of`."""
        return _typeset("assessment.typ", sheet)

    def facts(self, incident: str, kind: PaperKind, by: str) -> dict[str, Any]:
        """All that a paper shows, as text."""
        site = self.site
        with self._store.read() as unit:
            found = unit.incidents.get(incident)
            if found is None:
                raise PaperError(f"paper: there is no incident {incident!r}")
            law = ruling(unit, site.catalogue, found)
            if law is None:
                raise PaperError(
                    f"paper: no catalogue row applies to {incident}; have a reviewer choose one"
                )
            day = _local(site, found.started_ns).date()
            where = disposal(unit, law, day)
            checked = finding(unit, law.id)
            announcements = unit.announcements.find(incident=incident)
            receipts = {one.announcement: one for one in unit.receipts.find(incident=incident)}
            evidence = unit.evidence.find(incident=incident)
        camera = site.camera(found.camera)
        zone = camera.zone(found.zone) if camera else None
        named = camera.name.zh if camera else found.camera or "群众举报地点"
        place = " ".join([named, zone.name.zh if zone else ""])
        confirmed = checked is not None and checked.confirmed
        power = where.power
        if kind is PaperKind.TRANSFER and found.transfer is not None:
            to = found.transfer.to
        else:
            to = where.department.zh
        return {
            "kind": kind.value,
            "site": site.name.zh,
            "number": f"{found.id}-{kind.value}",
            "made": f"{_local(site, self._clock.utc_ns()):%Y年%m月%d日}",
            "by": by,
            "to": to,
            "place": place.strip(),
            "point": f"{found.place.lon:.6f}, {found.place.lat:.6f}（WGS-84）"
            if found.place
            else "",
            "begun": _moment(site, found.started_ns),
            "ended": _moment(site, found.last_seen_ns),
            "active": found.active,
            "act": law.content.act.zh,
            "basis": law.content.basis,
            "version": law.id,
            "confirmed": confirmed,
            "confirmer": f"{checked.by}（{checked.office}）" if checked and confirmed else "",
            "authority": _AUTHORITY[power.authority] if power else "",
            "document": power.document if power else "",
            "delegator": power.delegator if power else "",
            "why_transfer": where.why.zh if where.way == "transfer" else "",
            "seen": found.why.zh,
            "demand": law.content.demand.zh if law.content.demand else "",
            "warnings": [
                {
                    "at": _moment(site, one.requested_ns),
                    "text": one.text,
                    "said": _said(receipts.get(one.id)),
                }
                for one in sorted(announcements, key=lambda one: (one.requested_ns, one.id))
            ],
            "papers": list(found.transfer.documents) if found.transfer else [],
            "files": [
                {"what": role_words(one.role).zh, "sha256": one.sha256, "bytes": one.bytes}
                for one in evidence
                if one.parent_sha256 is None
            ],
            "steps": _steps(site, found),
        }


def _said(receipt: Any) -> str:
    if receipt is None:
        return "没有回执"
    if not receipt.ok:
        return "未播出"
    heard = receipt.hearing.verdict if receipt.hearing else "unknown"
    return {"heard": "已播出，现场拾音听到", "not_heard": "已播出，现场拾音未听到"}.get(
        heard, "已播出，是否听到不明"
    )


def _steps(site: Site, found: Incident) -> list[list[str]]:
    names = {
        "detected": "发现", "confirmed": "人工确认", "warning": "喊话", "complied": "离开",
        "persisting": "未听劝", "dispatched": "派单", "on_scene": "到场", "handled": "处置",
        "checked": "核查", "closed": "办结", "dismissed": "排除", "transferred": "移送",
        "reopened": "重开",
    }  # fmt: skip
    return [
        [_moment(site, one.at_ns), names[one.state], one.reason.zh]
        for one in found.history
        if one.state in names
    ]


def _local(site: Site, at_ns: int) -> datetime:
    return datetime.fromtimestamp(at_ns // NS_PER_S, UTC).astimezone(site.zone_info)


def _moment(site: Site, at_ns: int) -> str:
    return f"{_local(site, at_ns):%Y-%m-%d %H:%M:%S}"


def _typeset(template: str, data: Mapping[str, Any]) -> bytes:
    family, fonts = font_of_documents()
    with tempfile.TemporaryDirectory(prefix="ww-") as scratch:
        root = Path(scratch)
        whole = {**data, "font": family}
        (root / "data.json").write_text(json.dumps(_shown(whole), ensure_ascii=False), "utf-8")
        shutil.copyfile(_FOLDER / template, root / template)
        try:
            compiler = typst.Compiler(
                root / template,
                root=root,
                font_paths=typst.Fonts(
                    include_system_fonts=False, include_embedded_fonts=True, font_paths=[fonts]
                ),
            )
            made = compiler.compile(format="pdf")
        except (RuntimeError, typst.TypstError) as error:
            raise PaperError(f"paper: it cannot be set: {error}") from error
    if not isinstance(made, bytes):
        raise PaperError("paper: Typst made no single file")
    return made


def _shown(value: Any) -> Any:
    """The same without what would not be seen on paper, or would turn a line."""
    if isinstance(value, str):
        return "".join(one if one.isprintable() or one == "\n" else "□" for one in value)
    if isinstance(value, Mapping):
        return {name: _shown(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(one) for one in value]
    return value
