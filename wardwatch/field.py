"""What officers' phones send, into the vault."""

from collections.abc import Callable
from pathlib import Path

from core.cases import EvidenceItem
from core.messages import EVIDENCE_SEALED
from core.value import Value
from recorder.vault import Vault


class Intake:
    """Satisfies :class:`core.fieldwork.EvidenceIntake` with the vault of a site."""

    def __init__(self, vault: Vault, send: Callable[[str, Value], None]) -> None:
        self._vault, self._send = vault, send

    def seal(
        self,
        incident: str,
        role: str,
        file: Path,
        *,
        item_id: str,
        source: str,
        mime: str,
        first_ns: int,
        last_ns: int,
        note: str,
    ) -> EvidenceItem:
        """Seal a file and tell the desk; the same item for the same id."""
        item = self._vault.seal(
            incident,
            role,
            file,
            camera=source,
            first_ns=first_ns,
            last_ns=last_ns,
            item_id=item_id,
            mime=mime,
            note=note,
        )
        self._send(EVIDENCE_SEALED, item)
        return item
