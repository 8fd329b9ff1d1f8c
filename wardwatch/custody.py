"""The vault's register and the locks on recordings, as the console and the shell use them."""

from core.clock import Clock
from core.config.site import Site
from core.custody import Handled, Kept
from recorder.locks import Lock, Locks
from recorder.seal.custody import Act
from recorder.vault import Vault
from wardwatch.paths import Paths
from wardwatch.vaults import open_vault


class Register:
    """Satisfies :class:`core.custody.Custody` for one site."""

    def __init__(self, site: Site, paths: Paths, clock: Clock) -> None:
        self._vault: Vault = open_vault(site, paths, clock)
        self._locks = Locks(paths.recordings)
        self._unit = site.name.zh

    def tell(
        self,
        incident: str,
        action: str,
        *,
        actor: str,
        reason: str,
        path: str = "",
        sha256: str | None = None,
    ) -> None:
        """Write into an incident's chain of custody who did what, and why."""
        name = path.removeprefix(f"{incident}/")
        act = Act(action, actor, self._unit, reason, name, before=sha256)
        self._vault.tell(incident, [act])

    def register(self, incident: str) -> tuple[Handled, ...]:
        """The chain of custody, oldest first; empty when nothing is sealed."""
        return self._vault.register(incident)

    def kept(self) -> tuple[Kept, ...]:
        """All locks on recordings."""
        return self._locks.all()

    def keep(self, kept: Kept) -> None:
        """Lock a stretch; the register is told first."""
        self._tell_of("locked", kept, kept.by, kept.reason)
        self._locks.add(Lock.model_validate(kept.model_dump()))

    def release(self, owner: str, *, actor: str, reason: str) -> tuple[Kept, ...]:
        """Drop the locks of an owner; the register is told first."""
        found = tuple(one for one in self.kept() if one.owner == owner)
        for one in found:
            self._tell_of("released", one, actor, reason)
        self._locks.release(owner)
        return found

    def _tell_of(self, action: str, kept: Kept, actor: str, reason: str) -> None:
        """Into the chain of the incident, where there is one; else the audit log has it alone."""
        incident = kept.incident or kept.owner
        if self._vault.manifest(incident).items:
            self.tell(incident, action, actor=actor, reason=reason, path=kept.stretch)
