"""Every action that the house writes into the audit log has words in both languages."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.deeds import DEEDS, deed
from core.messages import Action

ROOT = Path(__file__).parents[2]
ROOMS = ("core", "alerts", "broadcast", "console", "recorder", "wardwatch")
ACTION = re.compile(r"[a-z]+(\.[a-z_]+){1,2}")
WRITERS = re.compile(r"(audit\.append|\.note|\.note_once|views\.begun|views\.going_on|_noted?)$")


def written() -> Iterator[tuple[str, str]]:
    """Actions written out where the audit log is written, and the file they stand in."""
    for path in (file for room in ROOMS for file in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not WRITERS.search(ast.unparse(node.func)):
                continue
            for part in [*node.args, *(word.value for word in node.keywords)]:
                text = part.value if isinstance(part, ast.Constant) else None
                if isinstance(text, str) and ACTION.fullmatch(text):
                    yield text, path.relative_to(ROOT).as_posix()


def test_every_action_that_is_written_has_words() -> None:
    found = dict(written())
    assert len(found) > 60, "the search finds what is written"
    assert {action: file for action, file in found.items() if action not in DEEDS} == {}


@pytest.mark.parametrize("action", Action)
def test_every_command_has_words(action: Action) -> None:
    assert f"command.{action.value}" in DEEDS


def test_words_are_in_both_languages() -> None:
    for action, words in DEEDS.items():
        assert words.zh != words.en, action
        assert re.search(r"[\u4e00-\u9fff]", words.zh), action
        assert not re.search(r"[\u4e00-\u9fff]", words.en), action


def test_what_is_not_known_is_its_own_name() -> None:
    assert deed("moon.landed").en == "moon.landed"
