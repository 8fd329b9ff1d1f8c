"""The row in force on the day of the act, and the catalogue that comes with the product."""

from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from alerts.catalogue import act_day, choose
from core.cases import Severity
from core.clock import parse_iso
from core.config.catalogue import Catalogue
from core.seeing import Kind

FILE = Path(__file__).parents[2] / "configs" / "catalogue.yaml"
SHIPPED = Catalogue.model_validate({"rows": yaml.safe_load(FILE.read_text(encoding="utf-8"))})
SEEN_CUES = ["vehicle", "large", "night", "group", "rod", "net", "boat"]

FISHING_CHANGE, DUMPING_CHANGE = date(2026, 5, 1), date(2026, 8, 15)
DAY = timedelta(days=1)


def chosen(kind: Kind, day: date, *cues: str) -> str:
    row = choose(SHIPPED, kind, cues, day)
    assert row is not None
    return row.id


def test_the_day_is_that_of_the_township() -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    assert act_day(parse_iso("2026-04-30T15:59:59Z"), shanghai) == date(2026, 4, 30)
    assert act_day(parse_iso("2026-04-30T16:00:00Z"), shanghai) == date(2026, 5, 1)


@pytest.mark.parametrize(
    ("kind", "day", "cues", "row"),
    [
        (Kind.FISHING, FISHING_CHANGE - DAY, (), "fishing-2013-general"),
        (Kind.FISHING, FISHING_CHANGE, (), "fishing-2026-general"),
        (Kind.FISHING, FISHING_CHANGE - DAY, ("net",), "fishing-2013-net"),
        (Kind.FISHING, FISHING_CHANGE, ("net", "rod"), "fishing-2026-net"),
        (Kind.DUMPING, DUMPING_CHANGE - DAY, (), "dumping-2020-general"),
        (Kind.DUMPING, DUMPING_CHANGE, (), "dumping-2026-general"),
        (Kind.DUMPING, DUMPING_CHANGE - DAY, ("vehicle",), "dumping-2020-vehicle"),
        (Kind.DUMPING, DUMPING_CHANGE, ("large", "vehicle"), "dumping-2026-vehicle"),
        (Kind.DUMPING, DUMPING_CHANGE, ("large",), "dumping-2026-large"),
        (Kind.OCCUPATION, DUMPING_CHANGE, (), "occupation-general"),
        (Kind.OCCUPATION, DUMPING_CHANGE, ("vehicle",), "occupation-general"),
    ],
)
def test_the_shipped_rows(kind: Kind, day: date, cues: tuple[str, ...], row: str) -> None:
    assert chosen(kind, day, *cues) == row


@pytest.mark.parametrize("cues", [(), ("rod",), ("night",), ("group",), ("rod", "night")])
def test_a_rod_or_the_night_alone_is_not_serious(cues: tuple[str, ...]) -> None:
    row = choose(SHIPPED, Kind.FISHING, cues, date(2026, 11, 22))
    assert row is not None
    assert row.severity is Severity.MINOR


def test_a_group_by_night_is_serious() -> None:
    assert chosen(Kind.FISHING, date(2026, 11, 22), "night", "group") == (
        "fishing-2026-night-group"
    )


def test_no_row_rests_on_a_rod() -> None:
    assert not [row.id for row in SHIPPED.rows if "rod" in row.when]


def test_every_row_says_where_it_was_read_and_none_is_verified_yet() -> None:
    for row in SHIPPED.rows:
        assert row.source.startswith(("V，", "V1，"))
        assert row.verified_by == ""
        assert "2026-11-21" in row.source


@given(
    st.sampled_from(Kind),
    st.sets(st.sampled_from(SEEN_CUES)),
    st.dates(date(2021, 1, 1), date(2035, 1, 1)),
)
def test_some_row_is_always_in_force_and_more_cues_never_make_it_milder(
    kind: Kind, cues: set[str], day: date
) -> None:
    row, general = choose(SHIPPED, kind, cues, day), choose(SHIPPED, kind, (), day)
    assert row is not None
    assert general is not None
    assert row.in_force(day)
    assert row.kind is kind
    assert set(row.when) <= cues
    assert general.severity is Severity.MINOR
    for cue in SEEN_CUES:
        more = choose(SHIPPED, kind, {*cues, cue}, day)
        assert more is not None
        assert more.priority >= row.priority
        assert row.severity is Severity.MINOR or more.severity is Severity.SERIOUS


def test_no_row_before_the_law() -> None:
    assert choose(SHIPPED, Kind.DUMPING, (), date(1990, 1, 1)) is None
