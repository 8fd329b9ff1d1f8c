"""Which model ``auto`` means: the one promoted last, after it was shown to be better.

``evaluations.jsonl`` in the model cache notes what ``models evaluate`` measured of which file on
which pictures, both by hash; ``promoted.json`` holds the history of promotions, newest last, and
is replaced as a whole.
"""

from collections.abc import Callable
from pathlib import Path

import structlog
from pydantic import Field, ValidationError

from core.clock import Clock
from core.model import ModelCard
from core.value import Value
from models.cache import write
from models.errors import ModelError

EVALUATIONS = "evaluations.jsonl"
PROMOTED = "promoted.json"
MIN_GAIN = 0.01
"""Average precision; less is within what another choice of pictures would change."""

_log = structlog.get_logger()


class Measured(Value):
    """One evaluation of one file on one set of pictures."""

    name: str
    sha256: str
    dataset: str = Field(description="SHA-256 over annotations and pictures.")
    folder: str
    images: int
    ap: float
    ap50: float
    at_ns: int


class Promotion(Value):
    """One change of the model in use. ``name`` None: the promotion before it was rolled back."""

    name: str | None
    sha256: str | None
    before: str = Field(description="The model that was in use.")
    before_sha256: str | None = None
    at_ns: int
    by: str
    dataset: str | None = None
    images: int | None = None
    ap_before: float | None = None
    ap: float | None = None
    reason: str | None = Field(
        default=None, description="Why without proof of a gain, or why rolled back."
    )


class History(Value):
    """All promotions and rollbacks."""

    steps: tuple[Promotion, ...] = ()

    @property
    def stack(self) -> tuple[Promotion, ...]:
        """Promotions that were not rolled back, oldest first."""
        kept: list[Promotion] = []
        for step in self.steps:
            if step.name is not None:
                kept.append(step)
            elif kept:
                kept.pop()
        return tuple(kept)

    @property
    def current(self) -> Promotion | None:
        """The promotion in force; None: the registry decides."""
        return self.stack[-1] if self.stack else None


Note = Callable[[Promotion], None]
"""Writes a step down elsewhere, before it is taken; when it raises, nothing changes."""


class Ledger:
    """Evaluations and promotions beside the models.

    Args:
        directory: the model cache.
    """

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory, self._clock = directory, clock

    def note(
        self, card: ModelCard, dataset: str, folder: Path, images: int, ap: float, ap50: float
    ) -> Measured:
        """Write down what was measured."""
        measured = Measured(
            name=card.name,
            sha256=card.sha256,
            dataset=dataset,
            folder=str(folder),
            images=images,
            ap=ap,
            ap50=ap50,
            at_ns=self._clock.utc_ns(),
        )
        lines = [one.model_dump_json() for one in (*self.evaluations(), measured)]
        self._write(EVALUATIONS, "\n".join(lines) + "\n")
        return measured

    def evaluations(self) -> tuple[Measured, ...]:
        """Everything measured, oldest first.

        Raises:
            ModelError: the file is damaged.
        """
        path = self._directory / EVALUATIONS
        try:
            text = path.read_text(encoding="utf-8")
            return tuple(Measured.model_validate_json(line) for line in text.splitlines())
        except FileNotFoundError:
            return ()
        except (OSError, ValueError) as error:
            raise ModelError(f"{path}: cannot be read ({error}); remove it") from None

    def history(self) -> History:
        """All promotions.

        Raises:
            ModelError: the file is damaged.
        """
        path = self._directory / PROMOTED
        try:
            return History.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return History()
        except (OSError, ValidationError) as error:
            raise ModelError(
                f"{path}: cannot be read ({error}); remove it to use the registry's default"
            ) from None

    def promote(
        self,
        card: ModelCard,
        before: ModelCard,
        *,
        by: str,
        min_gain: float = MIN_GAIN,
        anyway: str = "",
        note: Note | None = None,
    ) -> Promotion:
        """Use a model from now on where ``auto`` is configured.

        Args:
            before: the model in use until now.
            min_gain: average precision that the new one must gain on the same pictures.
            anyway: why without proof of a gain.

        Raises:
            ModelError: it is in use already, or no evaluation of both on the same pictures
                shows the gain and no reason is given to do without.
        """
        if card.sha256 == before.sha256:
            raise ModelError(f"model {card.label} is in use already")
        pair = self._pair(card, before)
        gain = pair[0].ap - pair[1].ap if pair else None
        if not anyway.strip() and (gain is None or gain < min_gain):
            raise ModelError(_refusal(card, before, pair, min_gain))
        step = Promotion(
            name=card.name,
            sha256=card.sha256,
            before=before.label,
            before_sha256=before.sha256,
            at_ns=self._clock.utc_ns(),
            by=by,
            dataset=pair[0].dataset if pair else None,
            images=pair[0].images if pair else None,
            ap=pair[0].ap if pair else None,
            ap_before=pair[1].ap if pair else None,
            reason=anyway.strip() or None,
        )
        self._append(step, note)
        _log.info("models.promoted", model=card.label, before=before.label, gain=gain)
        return step

    def rollback(self, *, by: str, reason: str, note: Note | None = None) -> Promotion | None:
        """Go back to the model before; gives the promotion then in force, None: the registry's.

        Raises:
            ModelError: nothing was promoted.
        """
        current = self.history().current
        if current is None:
            raise ModelError("no model was promoted; the registry's default is in use")
        step = Promotion(
            name=None,
            sha256=None,
            before=f"{current.name}@{(current.sha256 or '')[:12]}",
            before_sha256=current.sha256,
            at_ns=self._clock.utc_ns(),
            by=by,
            reason=reason,
        )
        self._append(step, note)
        return self.history().current

    def _pair(self, card: ModelCard, before: ModelCard) -> tuple[Measured, Measured] | None:
        """The newest evaluations of both on the same pictures."""
        found = self.evaluations()
        old = {one.dataset: one for one in found if one.sha256 == before.sha256}
        for one in reversed(found):
            if one.sha256 == card.sha256 and one.dataset in old:
                return one, old[one.dataset]
        return None

    def _append(self, step: Promotion, note: Note | None) -> None:
        if note is not None:
            note(step)
        after = History(steps=(*self.history().steps, step))
        self._write(PROMOTED, after.model_dump_json(indent=1) + "\n")

    def _write(self, name: str, text: str) -> None:
        path = self._directory / name
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            write(path, text.encode())
        except OSError as error:
            raise ModelError(f"{path}: cannot be written: {error.strerror}") from None


def _refusal(
    card: ModelCard, before: ModelCard, pair: tuple[Measured, Measured] | None, min_gain: float
) -> str:
    if pair is None:
        return (
            f"model {card.name}: no evaluation of it and of {before.name} on the same pictures; "
            f"run `models evaluate {card.name} DATASET/val` and "
            f"`models evaluate {before.name} DATASET/val`, or say why not with --anyway REASON"
        )
    new, old = pair
    return (
        f"model {card.name}: AP {new.ap:.4f} against {old.ap:.4f} of {before.name} on the same "
        f"{new.images} pictures; a gain of {min_gain:g} is needed, or --anyway REASON"
    )
