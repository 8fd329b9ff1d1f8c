"""Words with ``{zone}``, ``{place}`` and ``{township}`` in them, and the pieces they fall into.

A piece is what can be recorded once and said with any name between: the run of words from one
``{zone}`` or ``{place}`` to the next, the township's name filled in, because it is always the same.
"""

from collections.abc import Mapping, Sequence
from string import Formatter
from typing import NamedTuple

from core.errors import WardwatchError

PLACEHOLDERS = ("zone", "place", "township")
_VARY = ("zone", "place")


class TemplateError(WardwatchError):
    """A placeholder that is not known, or a brace out of place."""


class Fragment(NamedTuple):
    """A part of a text in the order in which it is said."""

    words: str
    piece: int
    """From 1 for a run of words that can be recorded; 0 for a name, or nothing to be spoken."""


def fill(template: str, names: Mapping[str, str]) -> str:
    """Put names into the placeholders, as they are: braces in them mean nothing.

    >>> fill("{township}：{zone}禁止垂钓", {"zone": "河湾", "place": "", "township": "云溪镇"})
    '云溪镇：河湾禁止垂钓'

    Raises:
        TemplateError: another placeholder, or a brace out of place.
    """
    return "".join(one.words for one in fragments(template, names))


def fragments(template: str, names: Mapping[str, str]) -> Sequence[Fragment]:
    """A text in its parts, names filled in.

    >>> names = {"zone": "河湾", "place": "", "township": "云溪镇"}
    >>> [one.piece for one in fragments("{township}提醒：{zone}禁止垂钓。", names)]
    [1, 0, 2]

    Raises:
        TemplateError: another placeholder, or a brace out of place.
    """
    runs: list[tuple[str, bool]] = []  # words, and whether they vary
    for words, name in _steps(template):
        runs.append((words, False))
        if name is not None:
            runs.append((names[name], name in _VARY))
    merged: list[tuple[str, bool]] = []
    for words, varies in runs:
        if merged and not varies and not merged[-1][1]:
            merged[-1] = (merged[-1][0] + words, False)
        else:
            merged.append((words, varies))
    found: list[Fragment] = []
    number = 0
    for words, varies in merged:
        spoken = not varies and any(one.isalnum() for one in words)
        number += spoken
        if words:
            found.append(Fragment(words, number if spoken else 0))
    return found


def pieces(template: str, names: Mapping[str, str]) -> dict[int, str]:
    """The runs of words that can be recorded, by number."""
    return {one.piece: one.words for one in fragments(template, names) if one.piece}


def _steps(template: str) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    try:
        for words, name, form, conversion in Formatter().parse(template):
            if name is not None and (name not in PLACEHOLDERS or form or conversion):
                known = ", ".join(f"{{{one}}}" for one in PLACEHOLDERS)
                raise TemplateError(f"unknown placeholder {{{name}}} in {template!r}; use {known}")
            found.append((words, name))
    except ValueError as error:
        raise TemplateError(f"{template!r}: {error}") from None
    return found
