"""Tables and papers that people take away as files."""

import csv
import io
from collections.abc import Iterable, Sequence

from fastapi.responses import Response

Cell = str | int | float | None
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(heads: Sequence[str], rows: Iterable[Sequence[Cell]], name: str) -> Response:
    """A table for a spreadsheet: UTF-8 with a mark that Excel knows, unknown cells empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(heads)
    writer.writerows([cell(one) for one in row] for row in rows)
    return attachment(("\ufeff" + out.getvalue()).encode(), "text/csv; charset=utf-8", name)


def cell(value: Cell) -> str | int | float:
    """A cell; words that a spreadsheet would compute are kept as words."""
    if value is None:
        return ""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, str) and value.lstrip().startswith(_FORMULA):
        return f"'{value}"
    return value


def attachment(content: bytes, kind: str, name: str) -> Response:
    """A file to be saved, kept by no cache."""
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "private, no-store",
    }
    return Response(content, media_type=kind, headers=headers)
