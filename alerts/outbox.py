"""Messages leave only after the transaction that decided them is committed.

What the others must get (announcements, evidence wanted, orders, notices) is written down in that
same transaction and struck out once the transport has it, so a crash in between loses nothing: the
next desk sends it. Whoever gets such a message twice ignores it by its id. News of incidents is
not written down; whoever missed it reads the store.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog

from core.cases import Announcement, Notice, Order, OrderState
from core.clock import NS_PER_S
from core.messages import ANNOUNCEMENTS, EVIDENCE_WANTED, NOTICES, ORDERS, EvidenceWanted
from core.store.database import Store
from core.store.unit import Outgoing, Unit
from core.value import Value

Send = Callable[[str, Value], None]

_log = structlog.get_logger()

WRITTEN_DOWN: dict[str, type[Value]] = {
    ANNOUNCEMENTS: Announcement,
    EVIDENCE_WANTED: EvidenceWanted,
    ORDERS: Order,
    NOTICES: Notice,
}
"""The streams whose messages must not be lost, and what is on them."""
MOST_ROWS = 100_000


@dataclass(frozen=True)
class Letter:
    """One message, the stream it goes to, and the row it is written down in, if any."""

    stream: str
    message: Value
    row: str | None = None


class Outbox:
    """Messages decided but not yet sent, in order. The desk's lock protects it."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._waiting: deque[Letter] = deque()
        self._sent_rows: list[str] = []
        self._last_ns = 0
        self._flushing = False

    def write(self, unit: Unit, now_ns: int, letters: Iterable[Letter]) -> list[Letter]:
        """Write down what must not be lost, within the transaction.

        Returns:
            The letters with their rows, for :meth:`add` after the commit.
        """
        # Rows sort by their names; a clock that was set back must not change their order.
        self._last_ns = max(now_ns, self._last_ns + 1)
        written = []
        for number, letter in enumerate(letters):
            row = None
            if letter.stream in WRITTEN_DOWN:
                row = f"{self._last_ns:020d}-{number:04d}"
                body = letter.message.model_dump_json()
                unit.outbox.put(Outgoing(id=row, stream=letter.stream, body=body))
            written.append(Letter(letter.stream, letter.message, row))
        return written

    def add(self, letters: Iterable[Letter]) -> None:
        """Take over the messages of a transaction that was committed."""
        self._waiting.extend(letters)

    def recover(self, store: Store, now_ns: int, receipt_s: float) -> int:
        """Take over what an earlier desk wrote down and did not send.

        What has been settled since is struck out instead, and so are warnings older than
        ``receipt_s``: a loudspeaker that starts minutes late would speak to nobody.

        Returns:
            How many messages are sent again.
        """
        with store.read() as unit:
            rows = unit.outbox.find(limit=MOST_ROWS)
            for row in rows:
                self._last_ns = max(self._last_ns, int(row.id.split("-")[0]))
                message = WRITTEN_DOWN[row.stream].model_validate_json(row.body)
                if _is_settled(unit, message, now_ns, receipt_s):
                    self._sent_rows.append(row.id)
                else:
                    self._waiting.append(Letter(row.stream, message, row.id))
        return len(self._waiting)

    def flush(self) -> None:
        """Send what waits; the first failure leaves it and the rest for the next time.

        A transport that answers at once calls back into the desk from within ``send``; what that
        adds is sent by the outer call, behind what waits already.
        """
        if self._flushing:
            return
        self._flushing = True
        try:
            while self._waiting:
                letter = self._waiting[0]
                try:
                    self._send(letter.stream, letter.message)
                except Exception:
                    # Whatever the transport raises, the decision stands and is sent later.
                    _log.exception("message not sent, will be tried again", stream=letter.stream)
                    return
                self._waiting.popleft()
                if letter.row is not None:
                    self._sent_rows.append(letter.row)
        finally:
            self._flushing = False

    def strike_out(self, store: Store) -> None:
        """Forget the rows of what was sent."""
        if not self._sent_rows:
            return
        with store.begin() as unit:
            for row in self._sent_rows:
                unit.outbox.remove(row)
        self._sent_rows.clear()


def _is_settled(unit: Unit, message: Value, now_ns: int, receipt_s: float) -> bool:
    if isinstance(message, Announcement):
        late = now_ns - message.requested_ns > receipt_s * NS_PER_S
        return late or unit.receipts.get(message.id) is not None
    if isinstance(message, Order) and message.state is OrderState.OFFERED:
        order = unit.orders.get(message.id)
        return order is None or order.state is not OrderState.OFFERED
    return False
