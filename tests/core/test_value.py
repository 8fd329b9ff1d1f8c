"""Words for people in two languages."""

import pytest

from core.value import NO_WORDS, Text


def test_typed_words_read_alike_in_both_languages() -> None:
    typed = Text.same("钓友协会活动")
    assert typed["zh"] == typed["en"] == "钓友协会活动"
    assert not typed.blank


@pytest.mark.parametrize(
    ("text", "blank"),
    [(NO_WORDS, True), (Text.same(" \n"), True), (Text(zh="", en="left"), False)],
)
def test_blank_is_nothing_said_in_either_language(text: Text, blank: bool) -> None:
    assert text.blank is blank
