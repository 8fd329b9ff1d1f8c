"""Which words are said: the most specific warning text, with its places filled in."""

from string import Formatter

from broadcast.errors import TextError
from core.cases import Incident
from core.config.cameras import Camera
from core.config.catalogue import WarningText, WarningTexts
from core.config.site import Site
from core.seeing import Kind
from core.value import Language

PLACEHOLDERS = ("zone", "place", "township")


def choose(texts: WarningTexts, kind: Kind, zone: str, attempt: int) -> WarningText:
    """The row that fits best: one for this zone beats one for this attempt beats a general one.

    Among equals the one that stands first wins.

    Raises:
        TextError: no row is for this kind, zone and attempt.
    """
    fitting = [
        row
        for row in texts.texts
        if row.kind == kind and row.zone in (None, zone) and row.attempt in (None, attempt)
    ]
    if not fitting:
        raise TextError(
            f"warnings.yaml: no text for {kind.value} in zone {zone!r}, attempt {attempt}; "
            "add a row without zone and attempt"
        )
    return max(fitting, key=lambda row: (row.zone is not None, row.attempt is not None))


def fill(template: str, *, zone: str, place: str, township: str) -> str:
    """Put names into ``{zone}``, ``{place}`` and ``{township}``.

    Names are put in as they are, braces in them mean nothing.

    >>> fill("{township}：{zone}禁止垂钓", zone="河湾", place="一号机", township="云溪镇")
    '云溪镇：河湾禁止垂钓'

    Raises:
        TextError: another placeholder, or a brace out of place.
    """
    names = {"zone": zone, "place": place, "township": township}
    spoken = []
    try:
        for words, name, form, conversion in Formatter().parse(template):
            spoken.append(words)
            if name is None:
                continue
            if name not in names or form or conversion:
                raise TextError(
                    f"warnings.yaml: unknown placeholder {{{name}}} in {template!r}; "
                    f"use {', '.join(f'{{{known}}}' for known in PLACEHOLDERS)}"
                )
            spoken.append(names[name])
    except ValueError as error:
        raise TextError(f"warnings.yaml: {template!r}: {error}") from None
    return "".join(spoken)


class WarningWriter:
    """Writes the words of a warning; given to whoever decides that one is due."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def __call__(
        self, incident: Incident, camera: Camera, attempt: int, language: Language = "zh"
    ) -> str:
        """The words for warning number ``attempt`` (from 1) of an incident, at that camera."""
        return self.words(incident.kind, camera.id, incident.zone, attempt, language)

    def words(
        self, kind: Kind, camera_id: str, zone_id: str, attempt: int, language: Language = "zh"
    ) -> str:
        """The words for one kind of act in one zone of one camera.

        Raises:
            TextError: unknown camera, no fitting row, or a row that cannot be filled in.
        """
        camera = self._site.camera(camera_id)
        if camera is None:
            raise TextError(f"warning text: no camera {camera_id!r} in the configuration")
        row = choose(self._site.warning_texts, kind, zone_id, attempt)
        zone = camera.zone(zone_id)
        return fill(
            row.text[language],
            zone=(camera.name if zone is None else zone.name)[language],
            place=camera.name[language],
            township=self._site.name[language],
        )

    def check(self) -> list[str]:
        """Every row that cannot be filled in, one message each; empty when all is well."""
        problems = []
        for row in self._site.warning_texts.texts:
            for template in (row.text.zh, row.text.en):
                try:
                    fill(template, zone="", place="", township="")
                except TextError as error:
                    problems.append(str(error))
        return problems
