"""Figures over HTTP: for the chief, as CSV that no spreadsheet computes, and as a sheet."""

import csv
import io

from core.value import Text
from tests.console.conftest import Desk
from tests.console.test_console_catalogue import OnePaper

API = "/api/v1/supervision"


def test_figures_are_for_the_chief(desk: Desk) -> None:
    assert desk.sign_in("monitor").get(API).status_code == 403
    made = desk.sign_in("chief").get(API).json()
    assert made["whole"]["incidents"] == 9
    assert made["whole"]["false_alarm_rate"] == 0
    assert made["whole"]["compliance_rate"] == 5 / 6
    assert (made["whole"]["ended_unseen"], made["whole"]["unseen_share"]) == (1, 1 / 7)
    assert made["whole"]["steps"]["arrive"]["median_s"] is None
    wrong = desk.sign_in("chief").get(API, params={"first": "2026-02-01", "last": "2026-01-01"})
    assert wrong.status_code == 422


def test_the_csv_opens_in_excel_and_computes_nothing(desk: Desk) -> None:
    site = desk.services.site
    bad = site.cameras[0].model_copy(update={"name": Text.same('=HYPERLINK("http://x")')})
    desk.services.site = site.model_copy(update={"cameras": (bad, *site.cameras[1:])})
    chief = desk.sign_in("chief")
    answer = chief.get(f"{API}/figures.csv", params={"by": "camera"})
    assert answer.content.startswith(b"\xef\xbb\xbf")
    head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert all(len(row) == len(head) for row in rows)
    names = [row[0] for row in rows]
    assert '\'=HYPERLINK("http://x")' in names
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert rows[-1][:2] == ["合计", "9"]
    whole = dict(zip(head, rows[-1], strict=True))
    assert (whole["结束未看清 Ended unseen"], whole["时段结束 Hours over"]) == ("1", "0")
    assert (whole["见效率 Compliance rate"], whole["未看清占比 Unseen share"]) == (
        "0.8333",
        "0.1429",
    )
    assert len(desk.audit("supervision.export")) == 1


def test_the_monthly_sheet(desk: Desk) -> None:
    chief = desk.sign_in("chief")
    assert chief.get(f"{API}/sheet.pdf").status_code == 503
    desk.services.papers = OnePaper()
    assert chief.get(f"{API}/sheet.pdf").content == b"%PDF sheet"
