"""The model that all watches share, and the one that takes its place after a promotion."""

import os
from types import TracebackType

import structlog

from core.config.site import Analysis
from core.errors import WardwatchError
from core.model import ModelCard
from detectors.engine import Engine
from detectors.service import BatchedEngine, serving
from models.store import Store

log = structlog.get_logger()

AUTO = "auto"


class SharedModel:
    """One model in use.

    Where the configuration says ``auto`` and ``models promote`` or ``rollback`` has chosen
    another, :meth:`look` loads that one. If it cannot be loaded, the present one stays.

    Raises:
        WardwatchError: there is no usable model.
    """

    def __init__(self, analysis: Analysis, store: Store) -> None:
        self._analysis, self._store = analysis, store
        self._mark = self._marked()
        name = analysis.model
        self._card = store.default() if name == AUTO else store.ensure(name)
        self._service = self._loaded(self._card)
        self._leaving: BatchedEngine | None = None

    @property
    def engine(self) -> BatchedEngine:
        """What pipelines made from now on ask."""
        return self._service

    @property
    def label(self) -> str:
        """Name and hash of the model."""
        return self._card.label

    @property
    def sha256(self) -> str:
        """Hash of the model's file."""
        return self._card.sha256

    def look(self) -> bool:
        """True when another model has taken the place of the present one.

        The older one answers those who still ask it until the next look.
        """
        self._dismiss()
        mark = self._marked()
        if self._analysis.model != AUTO or mark == self._mark:
            return False
        self._mark = mark
        try:
            card = self._store.default()
            if card.sha256 == self._card.sha256:
                return False
            service = self._loaded(card)
        except WardwatchError as error:
            log.error("another model is not taken up", present=self.label, error=str(error))
            return False
        log.info("another model is taken up", before=self.label, model=card.label)
        self._leaving, self._service, self._card = self._service, service, card
        return True

    def __enter__(self) -> "SharedModel":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._dismiss()
        self._service.close()

    def _loaded(self, card: ModelCard) -> BatchedEngine:
        engine = Engine(card, runtime=self._analysis.runtime, device=self._analysis.device)
        return serving(engine, self._analysis.threads or os.cpu_count() or 1)

    def _dismiss(self) -> None:
        if self._leaving is not None:
            self._leaving.close()
            self._leaving = None

    def _marked(self) -> tuple[int, int] | None:
        """Differs after every promotion; the file is always replaced as a whole."""
        try:
            found = self._store.promotions.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns
