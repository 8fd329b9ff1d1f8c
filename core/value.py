"""The base of everything that travels between rooms or is stored: frozen, strict, JSON-able."""

import secrets
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

Language = Literal["zh", "en"]


class Value(BaseModel):
    """An immutable value. Unknown fields are refused, so a typo never passes silently."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(Value):
    """Words for people, Chinese first, English beside it."""

    zh: str = Field(title="中文", description="Text in Chinese, shown first.")
    en: str = Field(title="English", description="The same text in English.")

    def __getitem__(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en

    @classmethod
    def same(cls, words: str) -> Self:
        """Words that are not translated: what a person typed reads alike in both languages."""
        return cls(zh=words, en=words)

    @property
    def blank(self) -> bool:
        """True when nothing is said in either language."""
        return not (self.zh.strip() or self.en.strip())


NO_WORDS = Text.same("")
"""Nothing said, in either language."""


def new_id(prefix: str) -> str:
    """A short unique name such as ``inc-3f9a1c20b7`` (40 random bits)."""
    return f"{prefix}-{secrets.token_hex(5)}"
