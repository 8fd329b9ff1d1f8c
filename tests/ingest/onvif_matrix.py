"""What is supported by whom, out of the sources and the recordings: ``docs/onvif.md``'s table.

``python -m tests.ingest.onvif_matrix`` prints it anew (``WARDWATCH_ASSETS`` must be set).
"""

import os
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "onvif.md"
_CALL = re.compile(r'(?:\.ask\(\s*(?:"\w+"|where),\s*|_ask\(\s*|_create\(\s*|operation = )"(\w+)"')
_CASE = re.compile(r'(?:case|ask\.operation ==) "(\w+)"')


def client_operations() -> dict[str, str]:
    """Operation → the file of the client that asks it."""
    return {
        operation: f"`{path.name}`"
        for path in sorted((ROOT / "ingest" / "onvif").glob("*.py"))
        for operation in _CALL.findall(path.read_text("utf-8"))
    }


def virtual_operations() -> set[str]:
    """What the virtual camera answers."""
    return {
        operation
        for path in (ROOT / "sim" / "camera" / "onvif").glob("*.py")
        for operation in _CASE.findall(path.read_text("utf-8"))
    }


def matrix(recordings: Path) -> str:
    """The table as Markdown."""
    lines = [
        "| operation | client | virtual camera | recorded Axis | recorded Hikvision |",
        "|---|---|---|---|---|",
    ]
    virtual = virtual_operations()
    for operation, where in sorted(client_operations().items(), key=lambda row: row[::-1]):
        seen = [_recorded(recordings / brand, operation) for brand in ("axis", "hikvision")]
        mine = "yes" if operation in virtual else "–"
        lines.append(f"| {operation} | {where} | {mine} | {seen[0]} | {seen[1]} |")
    return "\n".join(lines)


def _recorded(folder: Path, operation: str) -> str:
    if any(folder.glob(f"*/{operation}.Response.xml")):
        return "answer"
    return "fault" if any(folder.glob(f"*/{operation}.Error.xml")) else "–"


if __name__ == "__main__":
    print(matrix(Path(os.environ["WARDWATCH_ASSETS"]) / "onvif"))
