"""The folder in which a case file is made: what a crash leaves there is gone on with.

``.<id>.part/`` beside the case file to be:

plan.json               what it is made of
<name>.zip              it, or one of several, as far as it is written; ``.done``: see ``members``
checked-<sha256>.json   what was found of the signatures of a camera in one clip
whole.json              it is whole: its digest
"""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog

from recorder.casefile.case import Wish
from recorder.seal.files import sync_folder, write_whole
from recorder.vault import sha256_of

log = structlog.get_logger()


@dataclass(frozen=True)
class Made:
    """A case file that is whole.

    Attributes:
        evidence: whether it is evidence (证据) or a lead (线索).
        verdict: of checking it as whoever gets it would.
    """

    path: Path
    sha256: str
    size: int
    evidence: bool
    verdict: str


class Work:
    """The folder of one export.

    Args:
        out: the case file to be.
    """

    def __init__(self, out: Path, case: str) -> None:
        self.out = out
        self.folder = out.with_name(f".{case}.part")
        self.case = case

    @property
    def path(self) -> Path:
        """Where the case file is before it is put into its place."""
        return self.folder / f"{self.case}.zip"

    def begin(self, wish: Wish, seals: Mapping[str, str]) -> None:
        """Write down what the case file is made of.

        Args:
            seals: SHA-256 of the vault's manifest of each incident.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        plan = {
            "schema": "wardwatch.exportplan/1",
            "file": self.out.name,
            "wish": asdict(wish),
            "seals": dict(seals),
        }
        before = _read(self.folder / "plan.json")
        if before:
            known = before.get("seals", {})
            changed = sorted(one for one in seals if known.get(one) != seals[one])
            log.info("export goes on", case=self.case, changed_meanwhile=changed)
        self._write("plan.json", plan)

    def checked(self, sha256: str, key: str, check: Callable[[], Any]) -> Any:
        """What was found of a file, by an earlier run if that looked at the same.

        Args:
            key: what else the finding rests on.
            check: makes it, as JSON has it.
        """
        name = f"checked-{sha256}.json"
        before = _read(self.folder / name)
        if before.get("key") == key:
            return before["found"]
        found = check()
        self._write(name, {"key": key, "found": found})
        return found

    def finish(self, made: Made) -> None:
        """Put the whole case file into its place."""
        self._write("whole.json", {**asdict(made), "path": made.path.name})
        made.path.replace(self.out)
        sync_folder(self.out.parent)

    def finished(self) -> Made | None:
        """The case file, when only what follows was cut short."""
        facts = _read(self.folder / "whole.json")
        if not facts:
            return None
        for path in (self.out, self.folder / facts["path"]):
            if path.is_file() and sha256_of(path) == facts["sha256"]:
                if path != self.out:
                    path.replace(self.out)
                    sync_folder(self.out.parent)
                return Made(**{**facts, "path": self.out})
        return None

    def remove(self) -> None:
        """Nothing is gone on with."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, name: str, value: Mapping[str, Any]) -> None:
        write_whole(self.folder / name, json.dumps(value, ensure_ascii=False).encode(), 0o640)


def cut_short(out: Path, wish: Wish) -> str | None:
    """The id of an export of the same to the same file that was cut short, if there is one."""
    for path in sorted(out.parent.glob(".case-*.part/plan.json")):
        plan = _read(path)
        same = {**asdict(wish), "id": None, "incidents": list(wish.incidents)}
        if plan.get("file") == out.name and {**plan.get("wish", {}), "id": None} == same:
            return str(plan["wish"]["id"])
    return None


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
