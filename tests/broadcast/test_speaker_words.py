"""Which words are said: by kind, zone, attempt and time, in which languages, in which version."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from broadcast.text import WarningWriter, choose
from core.cases import Incident, IncidentState, Severity
from core.clock import ManualClock, parse_iso
from core.config.times import ClosedPeriod, Schedule, Window, meeting
from core.config.wording import WarningText, WarningTexts, clashes
from core.geometry import Box
from core.seeing import Kind
from core.store.database import Store, open_store
from core.store.users import Role, User
from core.templates import TemplateError, fill, fragments
from core.value import NO_WORDS
from core.wordbook import (
    WordsError,
    add_recording,
    amend,
    amend_all,
    differing,
    in_effect,
    judge,
    seed,
    versions,
)
from core.wording import Taken
from tests.broadcast.speaker_town import camera, site, warning_row

NOON_NS = parse_iso("2026-09-01T04:00:00Z")  # noon in Shanghai
NIGHT = {"hours": [{"start": "22:00", "end": "06:00"}]}
DAY = {"hours": [{"start": "08:00", "end": "18:00"}]}
TAKEN = Taken("a" * 64, "b" * 64, 2.0, -20.0, -3.0, 0.0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = ManualClock(NOON_NS)
    opened = open_store(f"sqlite:///{tmp_path / 'words.db'}", clock)
    with opened.begin() as unit:
        for name in ("chief", "reviewer"):
            unit.users.put(User(name=name, password_hash="", role=Role(name), created_ns=0))
    yield opened
    opened.close()


def incident(kind: Kind = Kind.FISHING) -> Incident:
    return Incident(
        id="inc-1",
        kind=kind,
        severity=Severity.MINOR,
        camera="river",
        zone="bend",
        state=IncidentState.CONFIRMED,
        history=(),
        started_ns=0,
        last_seen_ns=0,
        active=True,
        box=Box(0, 0, 1, 1),
        why=NO_WORDS,
    )


# -- choosing ------------------------------------------------------------------------------

SCHEDULES = st.builds(
    Schedule,
    hours=st.lists(
        st.builds(
            Window,
            start=st.sampled_from([time(0), time(6), time(12), time(22)]),
            end=st.sampled_from([time(0), time(6), time(12), time(22)]),
            days=st.sampled_from([(), ("mon",), ("fri", "sat")]),
        ),
        max_size=2,
    ).map(tuple),
    periods=st.lists(
        st.builds(
            ClosedPeriod,
            first=st.sampled_from(["01-01", "03-01", "06-30", "11-15", "02-29"]),
            last=st.sampled_from(["02-28", "03-01", "06-30", "12-31", "01-10"]),
        ),
        max_size=2,
    ).map(tuple),
)
TEXTS = st.lists(
    st.builds(
        lambda number, kind, zone, attempt, when: WarningText(
            id=f"t{number}", kind=kind, zone=zone, attempt=attempt, when=when,
            text={"zh": f"第{number}条", "en": f"text {number}"},
        ),
        st.integers(0, 99),
        st.sampled_from([Kind.FISHING, Kind.DUMPING]),
        st.sampled_from([None, "bend", "weir"]),
        st.sampled_from([None, 1, 2]),
        st.none() | SCHEDULES,
    ),
    max_size=8,
    unique_by=lambda one: one.id,
)  # fmt: skip
MOMENTS = st.integers(0, 6 * 366 * 24 * 60).map(
    lambda minutes: datetime.fromisoformat("2024-01-01") + timedelta(minutes=minutes)
)


@given(TEXTS, st.sampled_from(["bend", "weir", "lane"]), st.integers(1, 3), MOMENTS)
def test_the_most_specific_text_that_fits_is_said(
    texts: list[WarningText], zone: str, attempt: int, local: datetime
) -> None:
    """What is chosen fits, nothing that fits is more specific, and without a clash it is alone."""
    found = choose(texts, Kind.FISHING, zone, attempt, local)
    fitting = [
        one
        for one in texts
        if one.kind is Kind.FISHING
        and (one.zone is None or one.zone == zone)
        and (one.attempt is None or one.attempt == attempt)
        and (one.when is None or one.when.active(local))
    ]
    if found is None:
        assert not fitting
        return
    assert found in fitting
    for one in fitting:
        if one.zone is not None:
            assert found.zone is not None
        if one.attempt is not None and (found.zone is None) == (one.zone is None):
            assert found.attempt is not None
        if one.rank[:2] == found.rank[:2] and one.when is not None:
            assert found.when is not None
    if not clashes(texts):
        assert [one for one in fitting if one.rank == found.rank] == [found]
    assert choose(list(reversed(texts)), Kind.FISHING, zone, attempt, local) == found


@given(SCHEDULES, SCHEDULES, MOMENTS)
def test_schedules_that_never_meet_never_hold_together(
    one: Schedule, other: Schedule, local: datetime
) -> None:
    found = meeting(one, other)
    if found is None:
        assert not (one.active(local) and other.active(local))
    else:
        assert one.active(found)
        assert other.active(found)


def test_texts_of_which_none_is_more_specific_are_refused_by_name() -> None:
    by_day = {"hours": [{"start": "05:00", "end": "22:00"}]}
    with pytest.raises(ValidationError, match=r"'night' and 'early' both fit fishing at .*05:00"):
        WarningTexts(
            texts=(
                warning_row("a", id="night", when=NIGHT),
                warning_row("b", id="early", when=by_day),
            )
        )
    with pytest.raises(ValidationError, match="'one' and 'two' both fit fishing in zone bend"):
        WarningTexts(
            texts=(
                warning_row("a", id="one", zone="bend"),
                warning_row("b", id="two", zone="bend"),
            )
        )
    with pytest.raises(ValidationError, match="text id 'fishing' appears twice"):
        WarningTexts(texts=(warning_row("a"), warning_row("b")))


@pytest.mark.parametrize(
    "template", ["{plate}", "{}", "{0}", "{zone!r}", "{zone:>9}", "{zone.__class__}", "{", "a}b"]
)
def test_other_placeholders_are_refused(template: str) -> None:
    with pytest.raises(TemplateError):
        fill(template, {"zone": "z", "place": "p", "township": "t"})
    with pytest.raises(ValidationError):
        warning_row(template)


@given(st.text(), st.text(), st.text())
def test_names_are_taken_literally(zone: str, place: str, township: str) -> None:
    names = {"zone": zone, "place": place, "township": township}
    assert fill("{zone}|{place}|{township}", names) == f"{zone}|{place}|{township}"


@given(st.text(alphabet="字a，。 {}zonepctwhi", max_size=40), st.text(max_size=5))
def test_pieces_do_not_depend_on_the_names_between_them(template: str, name: str) -> None:
    try:
        some = fragments(template, {"zone": name, "place": name, "township": "镇"})
    except TemplateError:
        return
    other = fragments(template, {"zone": "x", "place": "y", "township": "镇"})
    assert [one for one in some if one.piece] == [one for one in other if one.piece]


# -- versions and approval -----------------------------------------------------------------


def texts(*rows: WarningText) -> WarningTexts:
    return WarningTexts(texts=rows)


def written(
    store: Store, *rows: WarningText, at_ns: int = NOON_NS, **rules: Any
) -> tuple[str, ...]:
    """Version and words of each part of the first fishing warning at the bend."""
    town = site(camera("river"), texts=rows, warnings=rules)
    with store.read() as unit:
        found = WarningWriter(town)(unit, incident(), town.cameras[0], 1, at_ns)
    return (found.version, *(one.text for one in found.parts))


def test_what_nobody_judged_is_said_unless_only_approved_words_may_be(store: Store) -> None:
    row = warning_row("{zone}禁止垂钓", en="no fishing at {zone}")
    assert written(store, row) == ("fishing@0", "河湾禁止垂钓")
    assert written(store, row, only_approved=True) == ("",)
    town = site(camera("river"), texts=(row,), warnings={"only_approved": True})
    with store.read() as unit:
        found = WarningWriter(town)(unit, incident(), town.cameras[0], 1, NOON_NS)
    assert "no approved warning text" in found.why.en
    file_says_so = warning_row("{zone}禁止垂钓", approved_by="法制审核员")
    assert written(store, file_says_so, only_approved=True) == ("fishing@0", "河湾禁止垂钓")


def test_a_draft_is_not_said_before_it_is_approved(store: Store) -> None:
    row = warning_row("甲")
    with store.begin() as unit:
        assert seed(unit, texts(row), 1) == 1
        assert seed(unit, texts(row), 2) == 0
        judge(unit, texts(row), "fishing@1", "chief", "值班长", True, "", 3)
        amend(unit, texts(row), warning_row("乙"), "chief", "更清楚", 4, seen=1)
    assert written(store, row) == ("fishing@1", "甲")
    with store.begin() as unit:
        with pytest.raises(WordsError, match="whoever wrote or recorded it"):
            judge(unit, texts(row), "fishing@2", "chief", "值班长", True, "", 5)
        judge(unit, texts(row), "fishing@2", "reviewer", "法制", False, "缺依据", 5)
    assert written(store, row) == ("fishing@1", "甲")
    with store.begin() as unit:
        judge(unit, texts(row), "fishing@2", "reviewer", "法制", True, "", 5)
    assert written(store, row, only_approved=True) == ("fishing@2", "乙")
    with store.read() as unit:
        log = [entry.action for entry in unit.audit.entries()]
    assert log.count("words.judge") == 3
    assert log.count("words.version") == log.count("words.import") == 1


def test_edits_are_refused_with_a_reason(store: Store) -> None:
    rows = texts(warning_row("甲"), warning_row("丙", zone="bend"))
    with store.begin() as unit:
        for content, why, words in (
            (warning_row("乙"), " ", "say why"),
            (warning_row("甲"), "x", "nothing is changed"),
            (warning_row("乙", zone="bend", id="fishing"), "x", "both fit fishing in zone bend"),
            (WarningText(id="fishing", kind=Kind.DUMPING, text=rows.texts[0].text), "x", "kind"),
        ):
            with pytest.raises(WordsError, match=words):
                amend(unit, rows, content, "chief", why, 1)
        with pytest.raises(WordsError, match="made meanwhile"):
            amend(unit, rows, warning_row("乙"), "chief", "x", 1, seen=7)
        seed(unit, rows, 1)
        with pytest.raises(WordsError, match="no account that may approve"):
            judge(unit, rows, "fishing@1", "nobody", "x", True, "", 1)


def test_two_texts_swap_their_times_at_once(store: Store) -> None:
    rows = (
        warning_row("夜间", id="night", when=NIGHT, approved_by="镇长"),
        warning_row("白天", id="day", when=DAY, approved_by="镇长"),
    )
    file = texts(*rows)
    night, day = file.texts
    swapped = [
        night.model_copy(update={"when": day.when}),
        day.model_copy(update={"when": night.when}),
    ]
    with store.begin() as unit:
        seed(unit, file, 1)
        with pytest.raises(WordsError, match="both fit"):
            amend(unit, file, swapped[0], "chief", "互换", 2)
        made = amend_all(unit, file, swapped, "chief", "互换", 2)
        assert [one.id for one in made] == ["night@2", "day@2"]
        assert [last.id for _, last in differing(unit, file)] == ["night@2", "day@2"]
        for one in made:
            with pytest.raises(WordsError, match="both fit"):
                judge(unit, file, one.id, "reviewer", "法制", True, "", 3)
        judge(unit, file, "night@2", "reviewer", "法制", True, "", 3, together=["day@2"])
        said = {one.version.id for one in in_effect(unit, file, True)}
        assert said == {"night@2", "day@2"}
        with pytest.raises(WordsError, match="both fit"):
            amend_all(unit, file, [day.model_copy(update={"id": "noon"})], "chief", "x", 4)
        assert len(unit.text_versions.find()) == 4


def test_a_text_that_is_retired_is_no_longer_said(store: Store) -> None:
    rows = (warning_row("甲"), warning_row("夜间", id="night", when=NIGHT))
    night_ns = parse_iso("2026-09-01T15:00:00Z")
    assert written(store, *rows, at_ns=night_ns) == ("night@0", "夜间")
    with store.begin() as unit:
        amend(unit, texts(*rows), rows[1].model_copy(update={"retired": True}), "chief", "x", 1)
        judge(unit, texts(*rows), "night@2", "reviewer", "法制", True, "", 2)
        assert [one.version.text for one in in_effect(unit, texts(*rows), False)] == ["fishing"]
    assert written(store, *rows, at_ns=night_ns) == ("fishing@0", "甲")


def test_a_second_language_is_said_after_the_first(store: Store) -> None:
    row = warning_row("{township}：{zone}禁止垂钓", en="{zone} of {township}")
    both = written(store, row, languages=["zh", "en"])
    assert both == ("fishing@0", "云溪镇：河湾禁止垂钓", "the bend of Yunxi")
    town = site(camera("river"), texts=(row,))
    zone = town.cameras[0].zones[0]
    english = zone.model_copy(update={"languages": ("en",)})
    assert english.version == zone.version  # the rule is the same
    one = town.cameras[0].model_copy(update={"zones": (english,)})
    with store.read() as unit:
        found = WarningWriter(town)(unit, incident(), one, 1, NOON_NS)
    assert [(part.language, part.text) for part in found.parts] == [("en", "the bend of Yunxi")]


def test_a_recording_is_heard_once_it_is_approved_and_goes_with_its_words(store: Store) -> None:
    row = warning_row("{township}提醒：{zone}禁止垂钓。")
    town = site(camera("river"), texts=(row,))

    def parts() -> list[tuple[str, str]]:
        with store.read() as unit:
            found = WarningWriter(town)(unit, incident(), town.cameras[0], 1, NOON_NS)
        return [(one.text, one.recording[:1]) for one in found.parts]

    with store.begin() as unit:
        seed(unit, texts(row), 1)
        add_recording(unit, "fishing@1", "zh", 2, "云溪镇", TAKEN, "chief", 2)
        with pytest.raises(WordsError, match="no piece 3"):
            add_recording(unit, "fishing@1", "zh", 3, "云溪镇", TAKEN, "chief", 2)
    assert parts() == [("云溪镇提醒：河湾禁止垂钓。", "")]
    with store.begin() as unit:
        with pytest.raises(WordsError, match="whoever wrote or recorded it"):
            judge(unit, texts(row), "fishing@1", "chief", "值班长", True, "", 3)
        judge(unit, texts(row), "fishing@1", "reviewer", "法制", True, "", 3)
    assert parts() == [("云溪镇提醒：河湾", ""), ("禁止垂钓。", "a")]
    with store.begin() as unit:  # another first piece: the recording of the second one still fits
        changed = warning_row("{township}执法队：{zone}禁止垂钓。")
        amend(unit, texts(row), changed, "chief", "更清楚", 4)
        judge(unit, texts(row), "fishing@2", "reviewer", "法制", True, "", 5)
        # Recorded after the approval: nobody has listened to it yet.
        later = TAKEN._replace(sha256="c" * 64)
        add_recording(unit, "fishing@2", "zh", 2, "云溪镇", later, "chief", 6)
        assert len(versions(unit, texts(row))) == 2
    assert parts() == [("云溪镇执法队：河湾", ""), ("禁止垂钓。", "a")]


def test_the_day_that_not_every_year_has_is_met() -> None:
    leap = Schedule(periods=(ClosedPeriod(first="02-29", last="02-29"),))
    monday = Schedule(hours=(Window(start=time(23), end=time(1), days=("mon",)),))
    found = meeting(leap, monday)
    assert found is not None
    assert (found.month, found.day) == (2, 29)
