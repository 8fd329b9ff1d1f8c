"""A register and locks in memory."""

from core.clock import Clock
from core.custody import Handled, Kept
from core.errors import WardwatchError


class FakeCustody:
    """Satisfies ``core.custody.Custody``.

    Attributes:
        broken: nothing can be written.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._events: dict[str, list[Handled]] = {}
        self._kept: list[Kept] = []
        self.broken = False

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
        if self.broken:
            raise WardwatchError(f"incident {incident}: its chain of custody was damaged")
        events = self._events.setdefault(incident, [])
        events.append(
            Handled(
                seq=len(events) + 1, at_ns=self._clock.utc_ns(), actor=actor, unit="望守镇",
                action=action, reason=reason, object=path, sha256=sha256,
            )
        )  # fmt: skip

    def register(self, incident: str) -> tuple[Handled, ...]:
        return tuple(self._events.get(incident, ()))

    def kept(self) -> tuple[Kept, ...]:
        return tuple(self._kept)

    def keep(self, kept: Kept) -> None:
        self.tell(kept.incident or "", "locked", actor=kept.by, reason=kept.reason)
        self._kept.append(kept)

    def release(self, owner: str, *, actor: str, reason: str) -> tuple[Kept, ...]:
        found = tuple(one for one in self._kept if one.owner == owner)
        self.tell(found[0].incident or "", "released", actor=actor, reason=reason)
        self._kept = [one for one in self._kept if one.owner != owner]
        return found
