"""The face of the room: models by name, fetched when needed and checked every time.

>>> from models.store import Store
>>> card = Store().default()  # doctest: +SKIP
>>> card.label  # doctest: +SKIP
'yolox-nano@695e750a5d57'
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog
from pydantic import ValidationError

from core.clock import Clock, SystemClock
from core.model import ModelCard
from models import onnxfile, recognise, registry, sources
from models.cache import Cache, Record, default_directory
from models.errors import HashError, ModelError
from models.promotion import PROMOTED, Ledger
from models.registry import Entry, Family, FileSource, Registry, Source
from models.sources import Progress, sha256

_log = structlog.get_logger()

State = Literal["ready", "absent", "damaged"]


@dataclass(frozen=True)
class Listed:
    """One line of ``models list``.

    Attributes:
        state: ``ready`` (present, hash right), ``absent`` (can be pulled) or ``damaged``.
        imported: brought by hand; not in the registry.
        note: where it came from, or what is wrong with it.
    """

    name: str
    family: str
    licence: str
    input_size: tuple[int, int]
    sha256: str
    state: State
    imported: bool
    path: Path | None
    note: str


class Store:
    """Models known and models present.

    Args:
        directory: cache; by default as :func:`models.cache.default_directory` says.
        known: registry; by default the one that comes with the product.
    """

    def __init__(
        self,
        directory: Path | None = None,
        known: Registry | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._cache = Cache(directory or default_directory())
        self._registry = known or registry.load()
        self._clock = clock or SystemClock()

    @property
    def directory(self) -> Path:
        """The cache directory; it need not exist yet."""
        return self._cache.directory

    def ensure(self, name: str, *, progress: Progress | None = None) -> ModelCard:
        """The model, from the cache when its hash is right, else pulled.

        Raises:
            ModelError: unknown name, or no source gives it (one line a source).
        """
        entry = self._registry.entry(name)
        if entry is None:
            return self._imported(name)
        return self._cached(entry) or self.pull(name, progress=progress)

    def pull(self, name: str, *, progress: Progress | None = None) -> ModelCard:
        """Fetch the model anew from the first of its sources that gives the right file.

        Args:
            progress: called with what is being done, bytes so far and the whole (None: unknown).

        Raises:
            ModelError: unknown name, or why each source failed, one line a source.
        """
        entry = self._registry.entry(name)
        if entry is None:
            raise self._unknown(name)
        return self._pull(entry, entry.sources, progress or _silent)

    def default(self, *, progress: Progress | None = None) -> ModelCard:
        """The promoted model, else the first of the registry that can be had; the log says which.

        What is on this machine (cache, mirror directory) goes before what is not, so that a
        start neither waits for the network nor depends on whether it answers today.

        Raises:
            ModelError: none can be had.
        """
        return self._promoted() or self.registered(progress=progress)

    def registered(self, *, progress: Progress | None = None) -> ModelCard:
        """The first of the registry that can be had, whatever was promoted.

        Raises:
            ModelError: none can be had.
        """
        for entry in self._registry.models:
            near = [source for source in entry.sources if isinstance(source, FileSource)]
            try:
                card = self._cached(entry) or self._pull(entry, near, progress or _silent)
            except ModelError:
                continue
            return self._chosen(card, "not on this machine")
        reasons = []
        for entry in self._registry.models:
            try:
                card = self.pull(entry.name, progress=progress)
            except ModelError as error:
                reasons.append(str(error))
                continue
            return self._chosen(card, "; ".join(reasons))
        raise ModelError("no model can be had:\n" + "\n".join(reasons))

    @property
    def promotions(self) -> Path:
        """The file that is replaced when another model is promoted or rolled back."""
        return self._cache.directory / PROMOTED

    @property
    def ledger(self) -> Ledger:
        """Evaluations and promotions."""
        return Ledger(self._cache.directory, self._clock)

    def _promoted(self) -> ModelCard | None:
        """The model promoted last; None, with a word in the log, when it cannot be used."""
        step = self.ledger.history().current
        if step is None or step.name is None:
            return None
        try:
            card = self.ensure(step.name)
            if card.sha256 != step.sha256:
                raise ModelError(f"model {step.name} is another file than the one promoted")
        except ModelError as error:
            _log.error("models.promoted.refused", model=step.name, reason=str(error))
            return None
        _log.info("models.default", model=card.label, promoted_by=step.by)
        return card

    def listing(self) -> tuple[Listed, ...]:
        """Every model of the registry and every imported one, with its state."""
        return tuple(self._listed())

    def import_file(
        self,
        path: Path,
        name: str,
        family: Family | None = None,
        *,
        classes: Sequence[str] | None = None,
        input_size: tuple[int, int] | None = None,
        licence: str = "unknown",
    ) -> ModelCard:
        """Take a local ONNX file into the cache.

        Args:
            family: how its outputs are to be read; told from the graph when not given.
            classes: names in the order of the output; read from the file when ultralytics
                wrote them there.
            input_size: height and width; read from the file when they are fixed or noted there.

        Raises:
            ModelError: names the file and what is wrong with it or missing.
        """
        if self._registry.entry(name) is not None:
            raise ModelError(f"{name}: the registry has a model of this name; choose another")
        content = onnxfile.read(path)
        model = onnxfile.inspect(content, str(path))
        size = onnxfile.picture_size(model, str(path))
        if input_size is not None and size is not None and size != input_size:
            raise ModelError(f"{path}: its input is {size[0]}x{size[1]}, not {input_size}")
        size = size or input_size or onnxfile.metadata_size(model)
        names = tuple(classes or ()) or onnxfile.metadata_classes(model)
        family = family or recognise.family(model, str(path), size)
        for missing, what in ((size, "input_size"), (names, "classes")):
            if missing is None:
                raise ModelError(f"{path}: {what} is not written in the file; give it")
        recognise.demand_classes(model, str(path), family, len(names or ()))
        try:
            record = Record.model_validate(
                {
                    "name": name,
                    "family": family,
                    "sha256": sha256(content),
                    "licence": licence,
                    "classes": names,
                    "input_size": size,
                    "source": f"file {path.name}",
                    "imported": True,
                }
            )
        except ValidationError as error:
            problem = error.errors()[0]
            field = " → ".join(str(part) for part in problem["loc"])
            raise ModelError(f"{path}: {field}: {problem['msg']}") from None
        return self._cache.keep(record, content)

    def verify(self, name: str) -> ModelCard:
        """Check the cached file of one model: hash and structure. Fetches nothing.

        Raises:
            ModelError: it is not there, not the one expected, or not a valid graph.
        """
        entry = self._registry.entry(name)
        if entry is None:
            card = self._imported(name)
        elif not self._cache.path(name).exists():
            raise ModelError(f"model {name} has not been pulled: {self._cache.path(name)}")
        else:
            card = self._cache.check(_record(entry, "cache"))
        onnxfile.inspect(onnxfile.read(card.path), str(card.path))
        return card

    def _cached(self, entry: Entry) -> ModelCard | None:
        """The model from the cache; None, with a word in the log, when it cannot be used."""
        if not self._cache.path(entry.name).exists():
            return None
        try:
            return self._cache.check(_record(entry, "cache"))
        except ModelError as error:
            _log.warning("models.cache.refused", model=entry.name, reason=str(error))
            return None

    def _pull(self, entry: Entry, tried: Sequence[Source], progress: Progress) -> ModelCard:
        reasons = []
        for source in tried:
            what = f"{entry.name} from {source}"
            try:
                content = sources.fetch(source, self._clock, progress)
                if (got := sha256(content)) != entry.sha256:
                    raise HashError(what, entry.sha256, got)
                onnxfile.inspect(content, what)
            except ModelError as error:
                reasons.append(f"{source}: {error}")
                _log.info("models.source.failed", model=entry.name, reason=reasons[-1])
                continue
            card = self._cache.keep(_record(entry, str(source)), content)
            _log.info("models.pulled", model=card.label, source=str(source))
            return card
        raise ModelError(
            f"model {entry.name} cannot be had from any of its {len(reasons)} sources:\n"
            + "\n".join(f"  {number}. {reason}" for number, reason in enumerate(reasons, 1))
            + f"\nPut the file into a directory and name it with {sources.MIRROR}, or import one."
        )

    def _chosen(self, card: ModelCard, why: str) -> ModelCard:
        names = [entry.name for entry in self._registry.models]
        passed_over = names[: names.index(card.name)]
        if passed_over:
            _log.warning("models.default", model=card.label, passed_over=passed_over, why=why)
        else:
            _log.info("models.default", model=card.label)
        return card

    def _imported(self, name: str) -> ModelCard:
        record = self._cache.record(name) if name in self._cache.names() else None
        if record is None or not record.imported:
            raise self._unknown(name)
        return self._cache.check(record)

    def _unknown(self, name: str) -> ModelError:
        known = [entry.name for entry in self._registry.models]
        known += [other for other in self._cache.names() if other not in known]
        return ModelError(f"no model is called {name!r}; there are: {', '.join(known)}")

    def _origin(self, name: str) -> str:
        try:
            note = self._cache.record(name)
        except ModelError:
            note = None
        return note.source if note else "unknown source"

    def _listed(self) -> Iterator[Listed]:
        for entry in self._registry.models:
            if self._cache.path(entry.name).exists():
                yield self._listed_one(_record(entry, self._origin(entry.name)))
            else:
                note = ", ".join(str(source) for source in entry.sources)
                yield _line(_record(entry, note), "absent", None)
        for name in self._cache.names():
            if self._registry.entry(name) is not None:
                continue
            try:
                record = self._cache.record(name)
            except ModelError as error:
                _log.warning("models.listing.skipped", model=name, reason=str(error))
                continue
            if record is not None and record.imported:
                yield self._listed_one(record)

    def _listed_one(self, record: Record) -> Listed:
        path = self._cache.path(record.name)
        try:
            self._cache.check(record)
        except ModelError as error:
            return _line(record.model_copy(update={"source": str(error)}), "damaged", path)
        return _line(record, "ready", path)


def _record(entry: Entry, source: str) -> Record:
    return Record(
        name=entry.name,
        family=entry.family,
        sha256=entry.sha256,
        licence=entry.licence,
        classes=entry.classes,
        input_size=entry.input_size,
        source=source,
    )


def _line(record: Record, state: State, path: Path | None) -> Listed:
    return Listed(
        name=record.name,
        family=record.family,
        licence=record.licence,
        input_size=record.input_size,
        sha256=record.sha256,
        state=state,
        imported=record.imported,
        path=path,
        note=record.source,
    )


def _silent(stage: str, done: int, total: int | None) -> None:
    """No progress wanted."""
    del stage, done, total
