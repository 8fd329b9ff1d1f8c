"""Which words are said: the most specific warning text, with its places filled in."""

from collections.abc import Iterable
from datetime import UTC, datetime

from core.cases import Incident, SpokenPart
from core.clock import NS_PER_S
from core.config.cameras import Camera
from core.config.site import Site
from core.config.wording import WarningText
from core.seeing import Kind
from core.store.unit import Unit
from core.value import Language, Text
from core.wordbook import Said, in_effect
from core.wording import Wording, spoken_parts


def choose(
    texts: Iterable[WarningText], kind: Kind, zone: str, attempt: int, local: datetime
) -> WarningText | None:
    """The text that fits best: one for this zone goes before one for this attempt, that before
    one for this time, that before a general one. None when none fits.

    Texts of which none is the more specific one are errors of the configuration; should there be
    some all the same, the one whose id comes first is said.
    """
    fitting = [
        one
        for one in texts
        if one.kind is kind
        and not one.retired
        and one.zone in (None, zone)
        and one.attempt in (None, attempt)
        and (one.when is None or one.when.active(local))
    ]
    best = max((one.rank for one in fitting), default=None)
    return min((one for one in fitting if one.rank == best), key=lambda one: one.id, default=None)


class WarningWriter:
    """Writes the words of a warning; given to whoever decides that one is due."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def __call__(
        self, unit: Unit, incident: Incident, camera: Camera, attempt: int, at_ns: int
    ) -> Wording:
        """The words for warning number ``attempt`` (from 1) of an incident, at that camera."""
        site = self._site
        rules = site.warnings
        said = in_effect(unit, site.warning_texts, rules.only_approved, incident.kind)
        local = datetime.fromtimestamp(at_ns // NS_PER_S, UTC).astimezone(site.zone_info)
        texts = {one.version.text: one for one in said}
        contents = [one.version.content for one in said]
        best = choose(contents, incident.kind, incident.zone, attempt, local)
        if best is None:
            return Wording(why=_nothing(incident, rules.only_approved))
        return self._written(texts[best.id], camera, incident.zone)

    def _written(self, said: Said, camera: Camera, zone_id: str) -> Wording:
        zone = camera.zone(zone_id)
        languages = (zone.languages if zone else ()) or self._site.warnings.languages
        parts: list[SpokenPart] = []
        for language in languages:
            template = said.version.content.text[language]
            names = {
                "zone": (camera.name if zone is None else zone.name)[language],
                "place": camera.name[language],
                "township": self._site.name[language],
            }
            parts += spoken_parts(template, language, names, said.recordings)
        if not any(one.text.strip() for one in parts):
            return Wording(why=_empty(said, languages))
        return Wording(parts=tuple(parts), version=said.version.id, approved=said.approved)


def _nothing(incident: Incident, only_approved: bool) -> Text:
    kind, zone = incident.kind.value, incident.zone
    if only_approved:
        return Text(
            zh="没有已审批的喊话词，不喊话",
            en=f"no approved warning text for {kind} in zone {zone!r}: no warning",
        )
    return Text(
        zh="没有可用的喊话词，不喊话", en=f"no warning text for {kind} in zone {zone!r}: no warning"
    )


def _empty(said: Said, languages: Iterable[Language]) -> Text:
    version = said.version.id
    return Text(
        zh=f"喊话词 {version} 没有内容，不喊话",
        en=f"warning text {version} has no words in {', '.join(languages)}: no warning",
    )
