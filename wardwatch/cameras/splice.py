"""Edit one entry of a YAML list as text, so that all others keep every byte.

ruamel.yaml keeps comments and order of what it writes anew, yet not each indent and blank. So
only the entry that changes goes through it; where its lines cannot be told from its neighbours'
(flow style, anchors), the caller writes the whole file anew instead.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import Any, TypeGuard

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

Edit = Callable[[CommentedMap], None]
Fields = Mapping[str, Any]
Place = Callable[[list[str], str], int]
Pair = tuple[yaml.Node, yaml.Node]

_NEVER_WRAP = 1 << 20
_lines = re.compile(r"[^\n]*\n|[^\n]+").findall
"""Lines with their ends, as YAML counts them (str.splitlines knows more ends)."""


class SpliceError(Exception):
    """The entry cannot be edited apart from the rest of the file."""


def appended(text: str, entries: Sequence[CommentedMap]) -> str:
    """The text with more entries at its end."""
    root = _root(text)
    if root is not None and not root.value:
        text = text[: root.start_mark.index] + text[root.end_mark.index :].lstrip("\n")
    spans = entry_spans(text)
    if root is not None and root.value and not spans:
        raise SpliceError("the list is not in block style")
    dash = spans[0][2] if spans else 0
    parts = [text if not text or text.endswith("\n") else f"{text}\n"]
    for entry in entries:
        if parts[-1].strip() and not parts[-1].endswith("\n\n"):
            parts.append("\n")
        parts.append(_as_item(_dumped(entry), dash))
    return "".join(parts)


def changed(text: str, index: int, outline: Callable[[str], str], edit: Edit) -> str:
    """The text with one entry edited.

    Args:
        outline: takes keys away and puts new ones in, see :func:`outlined`.
        edit: does the rest.
    """
    lines = _lines(text)
    first, end, dash = entry_spans(text)[index]
    item = "".join(lines[first:end])
    body = " " * dash + " " + item[dash + 1 :]
    entry = _loaded(outline(_indented(body, -_inner(body))))
    edit(entry)
    fresh = _as_item(_dumped(entry), dash, _inner(body) - dash)
    return "".join([*lines[:first], fresh, *lines[end:]])


def outlined(body: str, fields: Fields, place: Place, path: tuple[str, ...] = ()) -> str:
    """An entry's text without the keys that are to go and with the new ones, line by line.

    ruamel.yaml hangs the comments above a key on the key before it, and loses them with that
    one; here they stay above theirs. Mappings in flow style are left to it.

    Args:
        body: the entry, its keys at the margin.
        fields: None takes a key away, a mapping is looked into.
        place: from the keys of the entry and a new one to where that goes.
        path: of keys to the mapping meant.
    """
    for key, value in fields.items():
        pairs = _block_pairs(body, path)
        if pairs is None:
            return body
        if key not in pairs and value is not None:
            at = len(pairs) if path else place(list(pairs), key)
            if at == 0:
                continue
            above, inner = list(pairs.values())[at - 1]
            fresh = _dumped(item({key: merged({}, value) if _is_map(value) else value}))
            lines = _lines(body if body.endswith("\n") else f"{body}\n")
            end = _end_line(lines, above, inner)
            body = "".join([*lines[:end], _indented(fresh, above.start_mark.column), *lines[end:]])
        elif key in pairs and value is None:
            lines = _lines(body)
            body = "".join(
                [*lines[: pairs[key][0].start_mark.line], *lines[_end_line(lines, *pairs[key]) :]]
            )
        elif key in pairs and _is_map(value):
            body = outlined(body, value, place, (*path, key))
    return body


def merged(entry: Fields, fields: Fields) -> dict[str, Any]:
    """Plain values with other values in them: None takes a key away, mappings are merged."""
    result = dict(entry)
    for key, value in fields.items():
        if value is None:
            result.pop(key, None)
        elif _is_map(value):
            before = result.get(key)
            result[key] = merged(before if _is_map(before) else {}, value)
        else:
            result[key] = value
    return result


def removed(text: str, index: int) -> str:
    """The text without one entry; comments above and below it stay."""
    lines = _lines(text)
    spans = entry_spans(text)
    first, end, dash = spans[index]
    if end < len(lines) and not lines[end].strip() and (not first or not lines[first - 1].strip()):
        end += 1  # one of the blank lines around it goes as well
    rest = "".join([*lines[:first], *lines[end:]])
    if len(spans) == 1:
        return f"{rest.rstrip()}\n\n{' ' * dash}[]\n".lstrip()
    return rest if index + 1 < len(spans) else f"{rest.rstrip()}\n"


def rewritten(text: str, edit: Callable[[CommentedSeq], None]) -> str:
    """The whole text read and written anew; comments and order stay, indents need not."""
    document = _yaml().load(text)
    entries = CommentedSeq() if document is None else document
    edit(entries)
    out = StringIO()
    _yaml().dump(entries, out)
    return out.getvalue()


def entry_spans(text: str) -> list[tuple[int, int, int]]:
    """For each entry of a block list: first line, line behind its last, column of its dash.

    Raises:
        SpliceError: entries and lines do not match.
    """
    root = _root(text)
    if root is None or root.flow_style:
        return []
    lines = _lines(text)
    spans = []
    for node in root.value:
        first, end = node.start_mark.line, node.end_mark.line + (node.end_mark.column > 0)
        dash = root.start_mark.column
        if not lines[first][dash:].startswith("- ") or lines[first][:dash].strip():
            raise SpliceError("an entry does not begin on the line of its dash")
        end = min(end, len(lines))
        while end > first + 1 and _outside(lines[end - 1], dash):
            end -= 1
        spans.append((first, end, dash))
    return spans


def item(values: dict[str, Any]) -> CommentedMap:
    """Plain values as an entry to be written: small mappings on one line, odd words quoted."""
    entry = CommentedMap()
    for key, value in values.items():
        entry[key] = styled(value)
    return entry


def styled(value: Any) -> Any:
    """A plain value in the style that our configurations have."""
    if isinstance(value, dict):
        mapping = item(value)
        if all(not isinstance(inner, dict) for inner in value.values()) and not any(
            "://" in str(inner) for inner in value.values()
        ):
            mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, str) and not _plain(value):
        return DoubleQuotedScalarString(value)
    return value


def _root(text: str) -> yaml.SequenceNode | None:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is not None and not isinstance(root, yaml.SequenceNode):
        raise SpliceError("no list")
    return root


def _block_pairs(body: str, path: tuple[str, ...]) -> dict[str, Pair] | None:
    """Keys of a mapping with their nodes; None when it is none in block style."""
    node = yaml.compose(body, Loader=yaml.SafeLoader)
    for key in (*path, None):
        if not isinstance(node, yaml.MappingNode) or node.flow_style:
            return None
        pairs = {str(name.value): (name, value) for name, value in node.value}
        if key is not None:
            node = pairs[key][1]
    return pairs


def _end_line(lines: Sequence[str], key: yaml.Node, value: yaml.Node) -> int:
    """The line behind a key and its value; comments below belong to the next."""
    end = min(value.end_mark.line + (value.end_mark.column > 0), len(lines))
    while end > key.start_mark.line + 1 and _outside(lines[end - 1], len(lines[end - 1])):
        end -= 1
    return max(end, key.start_mark.line + 1)


def _is_map(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping)


def _plain(words: str) -> bool:
    """The words may stand without quotes, on a line of their own and inside ``{…}``."""
    try:
        spaced = yaml.safe_load(f"{{a: {words}}}"), yaml.safe_load(f"a: {words}")
    except (yaml.YAMLError, ValueError):
        return False
    return spaced == ({"a": words}, {"a": words})


def _outside(line: str, dash: int) -> bool:
    """A blank line, or a comment that stands no further in than the dash."""
    bare = line.strip()
    return not bare or (bare.startswith("#") and len(line) - len(line.lstrip()) <= dash)


def _inner(body: str) -> int:
    """Column of the entry's keys."""
    return len(body) - len(body.lstrip(" "))


def _indented(text: str, by: int) -> str:
    def moved(line: str) -> str:
        if not line.strip():
            return line
        if by >= 0:
            return " " * by + line
        return line[min(-by, len(line) - len(line.lstrip(" "))) :]

    return "".join(moved(line) for line in _lines(text))


def _as_item(text: str, dash: int, width: int = 2) -> str:
    body = _indented(text, dash + width)
    return f"{' ' * dash}-{body[dash + 1 :]}"


def _yaml() -> YAML:
    round_trip = YAML()
    round_trip.preserve_quotes = True
    round_trip.width = _NEVER_WRAP
    round_trip.allow_duplicate_keys = False
    round_trip.indent(mapping=2, sequence=4, offset=2)
    return round_trip


def _loaded(text: str) -> CommentedMap:
    loaded = _yaml().load(text)
    if not isinstance(loaded, CommentedMap):
        raise SpliceError("an entry is no mapping")
    return loaded


def _dumped(entry: CommentedMap) -> str:
    out = StringIO()
    _yaml().dump(entry, out)
    return out.getvalue()
