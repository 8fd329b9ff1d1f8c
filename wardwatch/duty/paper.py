"""The duty log and handovers as PDF, in the language of the site."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import typst

from alerts.duty.handover import SECTIONS
from core.clock import NS_PER_S
from core.config.site import Site
from core.duty import Handover, LogLine
from core.errors import WardwatchError
from core.value import Text
from recorder.casefile.typeset import font_of_documents

_TEMPLATE = Path(__file__).with_name("duty.typ")
CATEGORIES = {
    "incident": Text(zh="事件", en="Incident"),
    "warning": Text(zh="喊话", en="Warning"),
    "order": Text(zh="派单", en="Order"),
    "evidence": Text(zh="证据", en="Evidence"),
    "camera": Text(zh="摄像机", en="Camera"),
    "storage": Text(zh="存储", en="Storage"),
    "duty": Text(zh="值班", en="Duty"),
    "note": Text(zh="记事", en="Note"),
    "people": Text(zh="人员", en="People"),
}
_LOG = Text(zh="值班日志", en="Duty log")
_HANDOVER = Text(zh="交接班记录", en="Shift handover")
_SIDES = {"leaving": Text(zh="交班人", en="Leaving"), "coming": Text(zh="接班人", en="Coming")}
_HEADS = (
    Text(zh="编号", en="No."),
    Text(zh="时间", en="Time"),
    Text(zh="类别", en="What"),
    Text(zh="人员", en="Who"),
    Text(zh="内容", en="Said"),
)


class PaperError(WardwatchError):
    """A document cannot be set."""


def log(site: Site, lines: Sequence[LogLine], first_ns: int, last_ns: int, now_ns: int) -> bytes:
    """The duty log.

    Raises:
        WardwatchError: no Chinese font on this machine, or it cannot be set.
    """
    said = site.language
    rows = [
        [
            str(one.seq),
            _local(site, one.at_ns),
            CATEGORIES[one.category][said],
            _who(site, one.actor),
            _corrected(site, one) + one.text[said],
        ]
        for one in lines
    ]
    return _set(
        site,
        {
            "title": _LOG[said],
            "about": f"{_local(site, first_ns)} — {_local(site, last_ns)}",
            "made": _local(site, now_ns),
            "heads": [one[said] for one in _HEADS],
            "rows": rows,
            "sections": [],
            "signatures": [],
        },
    )


def handover(site: Site, given: Handover) -> bytes:
    """A handover with who signed it.

    Raises:
        WardwatchError: no Chinese font on this machine, or it cannot be set.
    """
    said = site.language
    words = given.words.model_dump()
    follows = given.next_turn.id if given.next_turn else "—"
    return _set(
        site,
        {
            "title": _HANDOVER[said],
            "about": f"{given.id} → {follows}",
            "made": _local(site, given.signed_ns or given.made_ns),
            "heads": [],
            "rows": [],
            "sections": [[name[said], words[key]] for key, name in SECTIONS.items()],
            "signatures": [
                [_SIDES[one.side][said], one.user, _local(site, one.at_ns), one.sha256]
                for one in given.signatures
            ],
        },
    )


def _set(site: Site, data: dict[str, Any]) -> bytes:
    family, folder = font_of_documents()
    whole = {**data, "font": family, "site": site.name[site.language], "language": site.language}
    with tempfile.TemporaryDirectory(prefix="ww-") as scratch:
        root = Path(scratch)
        (root / "data.json").write_text(json.dumps(_plain(whole), ensure_ascii=False), "utf-8")
        template = root / _TEMPLATE.name
        shutil.copyfile(_TEMPLATE, template)
        fonts = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=True, font_paths=[folder]
        )
        try:
            made = typst.Compiler(template, root=root, font_paths=fonts).compile(format="pdf")
        except (RuntimeError, typst.TypstError) as error:
            raise PaperError(f"{data['title']}: cannot be set: {error}") from error
    if not isinstance(made, bytes):
        raise PaperError(f"{data['title']}: Typst made no single file")
    return made


def _plain(value: Any) -> Any:
    """A box for every character that would not be seen, or would turn a line."""
    if isinstance(value, str):
        return "".join(one if one.isprintable() or one == "\n" else "□" for one in value)
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _who(site: Site, actor: str) -> str:
    system = Text(zh="系统", en="system")
    return system[site.language] if actor == "system" else actor


def _corrected(site: Site, line: LogLine) -> str:
    zh = site.language == "zh"
    said = ""
    if line.corrects is not None:
        said += f"【更正第 {line.corrects} 号】" if zh else f"[corrects {line.corrects}] "
    if line.corrected_by:
        numbers = "、".join(map(str, line.corrected_by))
        said += f"【已由第 {numbers} 号更正】" if zh else f"[corrected by {numbers}] "
    return said


def _local(site: Site, at_ns: int) -> str:
    return f"{datetime.fromtimestamp(at_ns // NS_PER_S, site.zone_info):%Y-%m-%d %H:%M:%S}"
