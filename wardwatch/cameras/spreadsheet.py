"""Lists of cameras as CSV: what Excel and others write, read strictly and told precisely.

A first row names the columns. UTF-8 with or without its mark, UTF-16 with it, or GB18030 (what
Chinese Excel writes); fields parted by comma, semicolon or tab.
"""

import codecs
import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any

from pydantic import ValidationError

from core.credentials import Credential
from core.errors import ConfigError
from core.roster import CameraDraft
from core.value import Text
from wardwatch.cameras.drafts import NewCamera, checked_id, odd

BYTES_MOST = 4 << 20
ROWS_MOST = 2000

COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("编号",),
    "name_zh": ("name", "名称"),
    "name_en": ("英文名",),
    "main": ("主码流",),
    "sub": ("子码流",),
    "onvif": (),
    "username": ("用户名",),
    "password": ("密码",),
    "lon": ("经度",),
    "lat": ("纬度",),
    "bearing_deg": ("朝向",),
    "transport": ("传输",),
    "enabled": ("启用",),
    "speaker": ("喇叭",),
}
"""Columns with their other names."""
NEEDED = ("id", "name_zh", "main")

_QUOTED = {"id", "lon", "lat", "bearing_deg", "transport", "enabled", "speaker"}
"""What may be repeated in a message; addresses may hold passwords."""
_TRUE = {"true", "yes", "y", "1", "是", "on"}
_FALSE = {"false", "no", "n", "0", "否", "off"}


class SheetError(ConfigError):
    """A list of cameras that cannot be used."""


@dataclass(frozen=True)
class Row:
    """A row that is sound in itself.

    Attributes:
        line: of the file, the first is 1.
    """

    line: int
    camera: NewCamera


@dataclass(frozen=True)
class Problem:
    """What is wrong where.

    Attributes:
        column: empty when the row as a whole is meant.
    """

    line: int
    column: str
    what: str

    def __str__(self) -> str:
        place = f"line {self.line}" + (f", {self.column}" if self.column else "")
        return f"{place}: {self.what}"


@dataclass(frozen=True)
class Sheet:
    """What is in a file: sound rows, and everything that is wrong with the others."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]


def read_sheet(data: bytes) -> Sheet:
    """Read a list of cameras.

    Raises:
        SheetError: it is no such list at all (encoding, columns, size).
    """
    if len(data) > BYTES_MOST:
        raise SheetError(f"larger than {BYTES_MOST >> 20} MiB; that is no list of cameras")
    rows = _rows(_decoded(data))
    header_line, header = next(rows, (1, []))
    columns = _columns(header, header_line)
    sound: list[Row] = []
    problems: list[Problem] = []
    lines: dict[str, int] = {}
    for count, (line, cells) in enumerate(rows, 1):
        if count > ROWS_MOST:
            raise SheetError(f"more than {ROWS_MOST} rows; import it in parts")
        row = _Row(line, _values(columns, cells), [])
        if any(cell.strip() for cell in cells[len(columns) :]):
            row.wrong("", f"has more fields than the header's {len(columns)}")
        camera = row.camera()
        before = lines.setdefault(row.values["id"], line)
        if before != line and row.values["id"]:
            row.wrong("id", f"{row.values['id'][:63]!r} stands in line {before} already")
        if camera is not None and not row.problems:
            sound.append(Row(line, camera))
        problems += row.problems
    if not sound and not problems:
        raise SheetError("holds no cameras")
    return Sheet(tuple(sound), tuple(problems))


@dataclass
class _Row:
    line: int
    values: Mapping[str, str]
    problems: list[Problem]

    def wrong(self, column: str, what: str) -> None:
        self.problems.append(Problem(self.line, column, what))

    def camera(self) -> NewCamera | None:
        """The camera of this row; None, and problems, when it is none."""
        values = self.values
        for column, value in values.items():
            if odd(value):
                self.wrong(column, odd(value))
            elif column in NEEDED and not value:
                self.wrong(column, "is empty")
        if self.problems:
            return None
        self._read("id", checked_id)
        if values["password"] and not values["username"]:
            self.wrong("username", "is empty, but there is a password")
        if bool(values["lon"]) != bool(values["lat"]):
            self.wrong("lon" if values["lat"] else "lat", "is empty; a place needs both")
        place = {"lon": self._read("lon", _number), "lat": self._read("lat", _number)}
        facts: dict[str, Any] = {
            "name": Text(zh=values["name_zh"], en=values["name_en"] or values["name_zh"]),
            "main": values["main"],
            "sub": values["sub"] or None,
            "onvif": values["onvif"] or None,
            "transport": values["transport"].lower() or None,
            "bearing_deg": self._read("bearing_deg", _number),
            "enabled": self._read("enabled", _truth),
            "speaker": self._read("speaker", _truth),
            "place": place if None not in place.values() else None,
        }
        draft = self._draft(facts)
        if draft is None or self.problems:
            return None
        account = Credential(values["username"], values["password"])
        return NewCamera(values["id"], draft, account if account.username else None)

    def _read(self, column: str, read: Callable[[str], Any]) -> Any:
        if not self.values[column]:
            return None
        try:
            return read(self.values[column])
        except ConfigError as error:
            self.wrong(column, str(error))
            return None

    def _draft(self, facts: dict[str, Any]) -> CameraDraft | None:
        try:
            return CameraDraft.model_validate(facts)
        except ValidationError as error:
            for problem in error.errors():
                column = str(problem["loc"][-1])
                value = self.values.get(column, "")
                shown = f" (given: {value[:60]!r})" if column in _QUOTED else ""
                self.wrong(column, f"{problem['msg'].removeprefix('Value error, ')}{shown}")
            return None


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetError("is neither UTF-8 nor GB18030; save it as CSV UTF-8")


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, each with the line that it begins on."""
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise SheetError(f"line {line}: is no CSV: {error}; check its quotation marks") from None


def _columns(header: list[str], line: int) -> list[str]:
    names = {other: name for name, others in COLUMNS.items() for other in (name, *others)}
    cells = [cell.strip().lower() for cell in header]
    while cells and not cells[-1]:
        cells.pop()
    columns, wrong = [], []
    for cell in cells:
        name = names.get(cell)
        if name is None:
            wrong.append(f"unknown column {cell[:40]!r}")
        elif name in columns:
            wrong.append(f"column {name} stands twice")
        columns.append(name or "")
    wrong += [f"column {name} is missing" for name in NEEDED if name not in columns]
    if wrong:
        raise SheetError(
            f"line {line}: {'; '.join(wrong[:10])}. The first row names the columns: "
            f"{', '.join(COLUMNS)}"
        )
    return columns


def _values(columns: list[str], cells: list[str]) -> dict[str, str]:
    values = dict.fromkeys(COLUMNS, "")
    # A password may begin or end with a blank.
    values |= {
        column: cell if column == "password" else cell.strip()
        for column, cell in zip(columns, cells, strict=False)
    }
    return values


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if number != number or number in (float("inf"), float("-inf")):
        raise SheetError(f"is no number (given: {text[:60]!r})")
    return number


def _truth(text: str) -> bool:
    word = text.lower()
    if word in _TRUE | _FALSE:
        return word in _TRUE
    raise SheetError(f"write yes or no (given: {text[:60]!r})")
